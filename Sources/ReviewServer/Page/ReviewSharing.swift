extension ReviewPage {
  /// The part of the page's behaviour by which several people share a queue: an item is asked for before it is shown, kept while
  /// the page is open, and let go where it is left.
  static let sharing = #"""

    // Gets the next open item from a place on, and then from the beginning: one that is before nobody else.
    async function advance(from) {
      take(await ask('/api/claim', { from }));
      await show(state.at ?? -1);
    }
    // Lets an item go that was left without a label, so that others get it.
    async function release(left) {
      if (left < 0 || left >= state.decisions.length || state.decisions[left]?.label) return;
      try { await ask('/api/release', { index: left }); } catch (error) { say(error.message); }
    }
    // Keeps the item before this person while the page is open.
    let isRenewing = false;
    async function renew() {
      if (isBusy || isRenewing || !shown || $('question').hidden || state.decisions[index]?.label) return;
      isRenewing = true;
      const at = index;
      try {
        const fresh = await ask('/api/claim', { index: at });
        if (isBusy || index !== at || $('question').hidden) return;
        take(fresh);
        if (state.at !== null) return;
        await advance(at);
        alarm('The item that you had is before somebody else by now, or decided.');
      } catch (error) { say(error.message); } finally { isRenewing = false; }
    }
    // Looks whether others have left an item.
    async function lookAgain() {
      if (isBusy || isRenewing || $('end').hidden || !state.waiting.length || document.querySelector('dialog[open]')) return;
      isRenewing = true;
      try {
        take(await ask('/api/claim', { from: -1 }));
        if (state.at === null) finish({ focus: false }); else await show(state.at);
      } catch (error) { say(error.message); } finally { isRenewing = false; }
    }
    // The first of the skipped items that is still open.
    async function again() {
      if (isBusy) return;
      isBusy = true;
      try {
        for (const [at, decision] of state.decisions.entries()) {
          if (!decision || decision.label !== null) continue;
          take(await ask('/api/claim', { index: at }));
          if (state.at !== null) return await show(state.at);
        }
        finish({ focus: false });
        say('Others have decided what you skipped, or have it before them.');
      } catch (error) { say(error.message); } finally { isBusy = false; }
    }
    setInterval(renew, 60000);
    setInterval(lookAgain, 10000);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) renew(); });
    """#
}
