extension ReviewPage {
  /// The page's behaviour. It holds no decision of its own: what stands is what the server has confirmed.
  static let script = deciding + sharing

  private static let deciding = #"""
    'use strict';
    const $ = id => document.getElementById(id);
    const make = (tag, text, attributes = {}) => {
      const node = document.createElement(tag);
      if (text !== undefined) node.textContent = text;
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      return node;
    };
    let state = null, shown = null, index = -1, photo = 0, isBusy = false, isFaulty = false;
    let reviewer = localStorage.getItem('reviewer') || '';
    const wait = seconds => new Promise(done => setTimeout(done, seconds * 1000));
    const word = name => { const l = state.labels.find(l => l.name === name); return l ? l.answer : name ?? 'no answer'; };

    // Asks until the server answers: a decision is never thrown away because the server is away for a while.
    async function ask(path, body) {
      const saves = path === '/api/decision' || path === '/api/undo';
      for (;;) {
        try {
          const options = body === undefined ? {} : {
            method: 'POST', body: JSON.stringify({ ...body, reviewer: state.reviewer }),
            headers: { 'content-type': 'application/json', 'x-review-token': state.token },
          };
          const response = await fetch(path, options);
          const value = await response.json();
          if (response.ok) { if (isFaulty) alarm(''); isFaulty = false; return value; }
          if (value.code === 'token') {  // The server was started anew.
            state.token = (await ask('/api/state?reviewer=' + encodeURIComponent(state.reviewer))).token;
            continue;
          }
          isFaulty = true;
          alarm(response.status < 500 ? value.error : `${saves ? 'Not saved: ' : ''}${value.error} Trying again.`);
          if (response.status < 500) throw Object.assign(new Error(value.error), { code: value.code });
        } catch (error) {
          if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error;
          isFaulty = true;
          alarm(!saves ? 'The server does not answer. Trying again.'
            : 'Not saved yet: the server does not answer. Keep this page open; it goes on trying.');
        }
        await wait(1);
      }
    }
    function alarm(text) { $('alarm').hidden = !text; if ($('alarm').textContent !== text) $('alarm').textContent = text; }
    function say(text) { $('status').textContent = text; }

    async function load() {
      take(await ask('/api/state?reviewer=' + encodeURIComponent(reviewer)));
      buildLabels();
      await advance(-1);
    }
    function take(fresh) {
      state = fresh;
      $('bar').max = Math.max(1, state.budget);
      $('bar').value = state.labelled;
      const mine = state.decisions.filter(d => d).length;
      $('labelled').textContent = `${state.labelled} of ${$('bar').max} labels`;
      $('own').textContent = state.reviewers.length ? ` · you ${mine}` : '';
      $('who').textContent = state.reviewer;
      $('who').setAttribute('aria-label', `You are ${state.reviewer}. Change the name.`);
      $('undo').disabled = mine === 0;
    }
    // The item that most likely comes next, to load its photo; -1 for none.
    function following(from) {
      const n = state.decisions.length;
      for (let step = 1; step <= n; step++) {
        const at = (from + step + n) % n;
        if (!state.decisions[at]) return at;
      }
      return -1;
    }

    async function show(at, { focus = true } = {}) {
      if (at < 0) return finish();
      const fresh = await ask(`/api/question?index=${at}&reviewer=${encodeURIComponent(state.reviewer)}`);
      alarm('');
      const left = index;
      [shown, index] = [fresh, at];
      if (left !== at) release(left);
      $('end').hidden = true; $('question').hidden = false; $('decision').hidden = false;
      $('question').classList.toggle('text', !shown.photos.length);
      $('title').textContent = `Item ${at + 1} of ${state.decisions.length}`;
      $('caption').textContent = shown.caption;
      $('fields').replaceChildren(...shown.fields.flatMap(f => [make('dt', f.name), make('dd', f.text)]));
      $('thumbs').hidden = shown.photos.length < 2;
      $('thumbs').replaceChildren(...shown.photos.length < 2 ? [] : shown.photos.map(thumb));
      look(0);
      $('answers').replaceChildren(...shown.answers.map(card));
      const decided = state.decisions[at];
      $('note').value = decided ? decided.note : '';
      toggleNote(!!$('note').value);
      for (const button of $('labels').children) {
        button.setAttribute('aria-pressed', String(!!decided && decided.label === button.dataset.label));
      }
      $('back').disabled = at === 0; $('forward').disabled = at === state.decisions.length - 1;
      document.title = `${at + 1} of ${state.decisions.length} · Review`;
      if (focus) { scrollTo(0, 0); $('question').focus({ preventScroll: true }); }
      const after = following(at);
      if (after >= 0 && after !== at) new Image().src = `/photo?index=${after}`;
    }
    const called = number => shown.photos[number].name ?? `photo ${number + 1}`;
    function thumb(one, number) {
      const button = make('button', undefined, { type: 'button', 'aria-label': `Show ${called(number)}` });
      const small = make('img', undefined, { src: one.url, alt: '' });
      small.onerror = () => button.classList.add('broken');
      button.append(small, make('span', called(number)));
      button.onclick = () => look(number);
      return button;
    }
    // Shows one of the item's photos large.
    function look(number) {
      photo = number;
      const one = shown.photos[number];
      $('fault').hidden = true; $('zoom').hidden = !one;
      [...$('thumbs').children].forEach((button, n) => button.setAttribute('aria-pressed', String(n === number)));
      if (!one) return;
      $('photo').alt = shown.photos.length < 2 ? 'The photo in question; its caption follows.'
        : `${called(number)}, ${number + 1} of ${shown.photos.length} photos of this item`;
      $('photo').src = one.url;
    }
    function turn(step) {
      const count = shown?.photos.length ?? 0;
      if (count < 2 || $('question').hidden) return;
      look((photo + step + count) % count);
      say(`${called(photo)}, ${photo + 1} of ${count}`);
    }
    function card(answer, number) {
      const box = make('section', undefined, { class: 'answer' });
      const head = make('h3'), name = answer.teacher ?? `Answer ${String.fromCharCode(65 + number)}`;
      head.append(make('span', word(answer.label), { class: 'verdict' }), ' ');
      if (answer.confidence !== null) head.append(make('span', `${Math.round(100 * answer.confidence)} % sure`, { class: 'sure' }), ' ');
      head.append(make('span', name, { class: 'name' }));
      const text = make('p');
      for (const piece of answer.rationale) {
        // The space before a word is not what differs.
        const [, space, words] = piece.text.match(/^(\s*)([^]*)$/);
        text.append(space, piece.differs ? make('mark', words) : words);
      }
      if (!answer.rationale.length) text.append(make('span', 'No reason given.', { class: 'sure' }));
      box.append(head, text);
      return box;
    }
    function buildLabels() {
      $('labels').classList.toggle('many', state.labels.length > 2);
      $('labels').replaceChildren(...state.labels.map((label, number) => {
        const button = make('button', undefined, { type: 'button', 'data-label': label.name, 'aria-pressed': 'false' });
        button.append(make('b', label.answer));
        if (number < 9) { button.setAttribute('aria-keyshortcuts', String(number + 1)); button.append(make('kbd', number + 1)); }
        const meaning = label.meaning || (label.name !== label.answer ? label.name : '');
        if (meaning) button.append(make('small', meaning));
        button.onclick = () => decide(label.name);
        return button;
      }));
      const keys = state.labels.slice(0, 9).map((l, i) => [String(i + 1), l.answer]).concat([
        ['S', 'Skip'], ['U', 'Undo the last decision'], ['N', 'Write a note; Escape leaves it'],
        ['← →', 'Previous and next item'], ['P', 'Next photo of the item'], ['Z', 'Enlarge the photo'], ['?', 'These keys']]);
      if (matchMedia('(hover: hover)').matches) $('last').textContent = 'The keys in the buttons do the same; ? lists them all.';
      $('help-keys').replaceChildren(...keys.flatMap(([k, t]) => { const d = make('dt'); d.append(make('kbd', k)); return [d, make('dd', t)]; }));
    }

    async function decide(label) {
      if (isBusy || !shown || $('question').hidden) return;
      isBusy = true; document.body.setAttribute('aria-busy', 'true');
      const at = index, answers = shown.answers, item = shown.item;
      try {
        take(await ask('/api/decision', { index: at, item, label, skipped: label === null, note: $('note').value.trim() }));
        const open = await ask(`/api/question?index=${at}&reviewer=${encodeURIComponent(state.reviewer)}`);
        const names = open.answers.filter(a => a.teacher).map(a => `${a.teacher}: ${word(a.label)}`).join(' · ');
        const text = label === null ? 'Skipped.' : `Saved: ${word(label)}.`;
        $('last').textContent = label === null ? text : `${text} ${names}`;
        await advance(at);
        say(`${text} ${$('question').hidden ? '' : `Item ${index + 1} of ${state.decisions.length}.`}`);
      } catch (error) {
        say(error.message);
        if (error.code === 'taken') {
          await advance(at);
          alarm('Not kept: others have decided that item meanwhile, or have it before them.');
        }
      } finally { isBusy = false; document.body.removeAttribute('aria-busy'); }
    }
    async function undo() {
      if (isBusy || $('undo').disabled) return;
      isBusy = true;
      try {
        take(await ask('/api/undo', {}));
        $('last').textContent = 'Taken back.'; say('Taken back.');
        if (state.at === null) await advance(Math.min(index, state.decisions.length) - 1); else await show(state.at);
      } catch (error) { say(error.message); } finally { isBusy = false; }
    }
    async function go(step) {
      if (isBusy || !state) return;
      isBusy = true;
      try {
        take(await ask('/api/claim', { from: index, step }));
        if (state.at !== null) await show(state.at); else say('There is no item for you in this direction.');
      } catch (error) { say(error.message); } finally { isBusy = false; }
    }
    function finish({ focus = true } = {}) {
      const left = index;
      $('question').hidden = true; $('decision').hidden = true; $('end').hidden = false;
      index = state.decisions.length; $('back').disabled = !index; $('forward').disabled = true;
      const skipped = state.decisions.filter(d => d && d.label === null).length;
      release(left);
      const title = state.waiting.length ? 'Nothing for you right now' : state.open > skipped ? 'All decided by you' : 'All decided';
      const given = (state.opinions > 1 ? `${state.labelled} of ${state.budget} labels are given` : `${state.labelled} items are labelled`)
        + (skipped ? `, ${skipped} skipped by you` : '') + '.';
      const open = state.open && (state.opinions > 1 || state.reviewers.length)
        ? ` ${state.open === 1 ? '1 item is' : `${state.open} items are`} open to other people.` : '';
      const text = state.waiting.length
        ? `What is left is before others: ${state.waiting.map(w => `${w.name} (${w.items})`).join(', ')}. `
          + `What they leave comes here by itself while this page is open. ${given}`
        : `${given}${open} Everything is saved; this page can be closed.`;
      // Said again only where it has changed.
      if ($('end-title').textContent !== title) $('end-title').textContent = title;
      if ($('end-text').textContent !== text) $('end-text').textContent = text;
      $('again').hidden = !skipped; $('reopen').hidden = $('undo').disabled;
      $('figures').replaceChildren(...[['You and other reviewers', state.reviewers], ['You and the teachers', state.teachers]]
        .filter(([, rows]) => rows.some(r => r.both)).map(([title, rows]) => {
          const table = make('table');
          table.append(make('caption', title));
          const head = make('tr');
          for (const t of ['Name', 'Both decided', 'Agree', 'Kappa']) head.append(make('th', t, { scope: 'col' }));
          table.append(head);
          for (const row of rows.filter(r => r.both)) {
            const line = make('tr');
            line.append(make('th', row.name, { scope: 'row' }), make('td', row.both),
              make('td', `${Math.round(100 * row.same / row.both)} %`),
              make('td', row.kappa === null ? '–' : row.kappa.toFixed(2)));
            table.append(line);
          }
          return table;
        }));
      const all = state.agreement;
      if (all) {
        $('figures').append(make('p', `Of all reviewers' labels, ${(100 * all.share).toFixed(1)} % of the pairs on `
          + `${all.items === 1 ? '1 item' : `${all.items} items`} with two or more are equal`
          + (all.alpha === null ? '.' : `; Krippendorff’s alpha is ${all.alpha.toFixed(2)}.`)));
      }
      document.title = `${title} · Review`;
      if (focus) $('end').focus();
    }
    function toggleNote(isOpen, focus = false) {
      $('note-box').hidden = !isOpen;
      $('note-button').setAttribute('aria-expanded', String(isOpen));
      if (isOpen && focus) $('note').focus();
    }
    function enlarge() {
      if (!shown?.photos.length || $('question').hidden) return;
      $('large').src = shown.photos[photo].url; $('large').alt = $('photo').alt;
      $('enlarged').showModal();
    }

    $('skip').onclick = () => decide(null);
    $('undo').onclick = $('reopen').onclick = undo;
    $('note-button').onclick = () => toggleNote($('note-box').hidden, true);
    $('back').onclick = () => go(-1);
    $('forward').onclick = () => go(1);
    $('zoom').onclick = enlarge;
    $('keys').onclick = () => $('help').showModal();
    $('who').onclick = () => { $('name').value = state.reviewer; $('naming').showModal(); $('name').select(); };
    $('again').onclick = again;
    $('photo').onerror = () => {
      $('zoom').hidden = true; $('fault').hidden = false;
      $('fault').textContent = 'The photo can’t be shown: its file is missing, no image, or outside the image folder.';
    };
    $('naming').onclose = async () => {
      const name = $('name').value.trim();
      if (!name || name === state.reviewer || isBusy) return;
      await release(index);
      index = -1;
      localStorage.setItem('reviewer', reviewer = name);
      $('last').textContent = '';
      await load();
    };
    document.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !state) return;
      if (event.target === $('note') && event.key === 'Escape') return $('question').focus({ preventScroll: true });
      if (event.target.closest('textarea, input, dialog[open]') || document.querySelector('dialog[open]')) return;
      const label = /^[1-9]$/.test(event.key) && state.labels[event.key - 1];
      const actions = { s: () => decide(null), u: undo, n: () => toggleNote(true, true), z: enlarge, p: () => turn(1),
        ArrowLeft: () => go(-1), ArrowRight: () => go(1), '?': () => $('help').showModal() };
      const action = label ? () => decide(label.name) : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action || event.repeat) return;
      event.preventDefault();
      action();
    });
    // The photo takes what the bars leave of the window.
    new ResizeObserver(() => document.documentElement.style.setProperty('--foot', $('decision').offsetHeight + 'px'))
      .observe($('decision'));
    load();
    """#
}
