extension ReviewPage {
  /// The style sheet: one column on a phone, photo and text side by side on a desk; light or dark as the system is.
  static let style = """
    :root {
      color-scheme: light dark;
      --paper: light-dark(#faf9f7, #17181a); --card: light-dark(#fff, #212327); --ink: light-dark(#1c1b1a, #ececea);
      --soft: light-dark(#5d5a56, #a9a9a4); --line: light-dark(#dedad4, #3a3d42); --mark: light-dark(#ffe9a8, #5c4a12);
      --accent: light-dark(#1a56b0, #8ab4f8); --on-accent: light-dark(#fff, #10213c); --warn: light-dark(#9c1f1f, #ffb4ab);
      --photo: light-dark(#ece9e4, #0e0f10); --bar: 4.25rem;
    }
    * { box-sizing: border-box; margin: 0; }
    [hidden] { display: none !important; }
    html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    body { background: var(--paper); color: var(--ink); min-height: 100dvh; display: flex; flex-direction: column; }
    button, input, textarea { font: inherit; color: inherit; }
    button { cursor: pointer; border: 1px solid var(--line); border-radius: .6rem; background: var(--card);
      padding: .5rem .9rem; min-height: 2.75rem; }
    @media (hover: hover) { button:hover:enabled { border-color: var(--soft); } }
    button:disabled { opacity: .5; cursor: default; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    article:focus, #end:focus, footer:focus { outline: none; }
    kbd { font: 600 .75em/1 ui-monospace, monospace; border: 1px solid currentColor; border-radius: .3em;
      padding: .15em .4em; opacity: .65; margin-inline-start: .3em; }
    .quiet { background: none; border-color: transparent; padding-inline: .7rem; min-width: 2.75rem; color: var(--soft); }
    .heard, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .skip:focus { position: fixed; inset: .5rem auto auto .5rem; background: var(--card); padding: .7rem 1rem; z-index: 3; }
    header { position: sticky; top: 0; z-index: 2; display: flex; align-items: center; gap: .5rem 1.5rem; flex-wrap: wrap;
      padding: .4rem max(1.25rem, env(safe-area-inset-left)); background: var(--paper); border-bottom: 1px solid var(--line); }
    header nav { display: flex; margin-inline-start: auto; align-items: center; }
    .progress { display: flex; align-items: center; gap: .9rem; flex: 1 1 14rem; min-width: 0; }
    .progress p { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; color: var(--soft); font-variant-numeric: tabular-nums; }
    progress { flex: 1; max-width: 26rem; min-width: 4rem; height: .5rem; border: 0; border-radius: 1rem; overflow: hidden;
      background: var(--line); accent-color: var(--accent); appearance: none; }
    progress::-webkit-progress-bar { background: var(--line); }
    progress::-webkit-progress-value { background: var(--accent); border-radius: 1rem; }
    progress::-moz-progress-bar { background: var(--accent); }
    #alarm, .alarm { background: var(--warn); color: var(--paper); padding: .7rem 1.25rem; font-weight: 600; }
    main { flex: 1; display: flex; flex-direction: column; min-height: 0; }
    article { display: grid; grid-template-columns: minmax(0, 1.05fr) minmax(0, 1fr); flex: 1; }
    article.text { grid-template-columns: minmax(0, 1fr); max-width: 64rem; margin-inline: auto; }
    article.text figure { display: none; }
    figure { background: var(--photo); display: flex; flex-direction: column; align-items: center; justify-content: center;
      position: sticky; top: 3.6rem; height: calc(100dvh - 3.6rem - var(--foot, 9rem)); min-height: 14rem; }
    figure button { all: unset; cursor: zoom-in; display: flex; width: 100%; height: 100%; min-height: 0;
      align-items: center; justify-content: center; padding: 1rem; box-sizing: border-box; }
    figure button:focus-visible { outline: 3px solid var(--accent); outline-offset: -4px; }
    #photo { max-width: 100%; max-height: 100%; width: 100%; height: 100%; object-fit: contain; }
    #fault { padding: 2rem; color: var(--soft); text-align: center; }
    #thumbs { display: flex; gap: .6rem; padding: .4rem 1rem .6rem; overflow-x: auto; max-width: 100%; flex: none; }
    #thumbs button { flex: none; display: grid; gap: .2rem; justify-items: center; width: auto; max-width: 8rem; height: auto;
      padding: .3rem; cursor: pointer; border-radius: .5rem; border: 2px solid transparent; color: var(--soft);
      font-size: .8rem; overflow-wrap: anywhere; text-align: center; }
    #thumbs button[aria-pressed=true] { border-color: var(--accent); color: var(--ink); }
    #thumbs img { height: 4.2rem; max-width: 7.2rem; object-fit: contain; display: block; }
    #thumbs .broken img { visibility: hidden; }
    .reading { padding: 1.4rem clamp(1rem, 2.5vw, 2.4rem) 2rem; }
    h1 { font-size: .95rem; font-weight: 500; color: var(--soft); }
    blockquote { font: 400 clamp(1.2rem, 1rem + 1vw, 1.65rem)/1.4 Charter, "Bitstream Charter", "Sitka Text", Cambria,
      Georgia, serif; margin: .5rem 0 1.2rem; text-wrap: pretty; overflow-wrap: anywhere; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
    dt { color: var(--soft); }
    dd { overflow-wrap: anywhere; }
    #fields { font-size: .95rem; margin-bottom: 1.2rem; }
    #fields:empty { display: none; }
    #answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .9rem; }
    .answer { background: var(--card); border: 1px solid var(--line); border-radius: .9rem; padding: 1rem 1.1rem; }
    .answer h3 { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; margin-bottom: .4rem; font: inherit; }
    .name { font-size: .85rem; color: var(--soft); margin-inline-start: auto; overflow-wrap: anywhere; }
    .verdict { font-size: 1.15rem; font-weight: 700; }
    .sure { color: var(--soft); font-size: .9rem; }
    .answer p { overflow-wrap: anywhere; }
    mark { background: var(--mark); color: inherit; border-radius: .2em; padding: 0 .1em; box-decoration-break: clone;
      -webkit-box-decoration-break: clone; }
    footer { position: sticky; bottom: 0; z-index: 2; background: var(--paper); border-top: 1px solid var(--line);
      padding: .6rem max(1.25rem, env(safe-area-inset-left)) max(.7rem, env(safe-area-inset-bottom));
      display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: center; }
    #last { flex: 1 1 100%; color: var(--soft); font-size: .9rem; }
    #last:empty { display: none; }
    #labels { display: flex; gap: .7rem; flex: 1 1 22rem; flex-wrap: wrap; }
    #labels button { flex: 1 1 9rem; min-height: 3.4rem; text-align: start; border-width: 2px; padding: .4rem 1rem;
      display: grid; grid-template-columns: 1fr auto; align-items: center; }
    #labels b { font-size: 1.1rem; }
    #labels small { color: var(--soft); grid-column: 1; line-height: 1.25; }
    #labels kbd { grid-row: 1 / span 2; grid-column: 2; }
    #labels button[aria-pressed=true] { border-color: var(--accent); }
    @media (hover: hover) { #labels button:hover { border-color: var(--accent); } }
    #labels button[aria-pressed=true] { background: var(--accent); color: var(--on-accent); }
    #labels button[aria-pressed=true] small { color: inherit; }
    .others, .after { display: flex; gap: .5rem; flex-wrap: wrap; }
    #note-box { flex: 1 1 100%; display: grid; gap: .2rem; }
    textarea, input { width: 100%; border: 1px solid var(--line); border-radius: .6rem; padding: .5rem .7rem;
      background: var(--card); }
    #end { width: 100%; max-width: 40rem; margin: 6vh auto; padding: 0 1.25rem; display: grid; gap: 1rem; }
    #end h1 { font: 600 2rem/1.2 system-ui, sans-serif; color: var(--ink); }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    #figures p { margin-top: 1rem; }
    caption, th { text-align: start; color: var(--soft); font-weight: 500; }
    caption { padding: .6rem 0 .2rem; color: var(--ink); font-weight: 600; }
    th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
    dialog { margin: auto; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); color: var(--ink);
      padding: 1.4rem; max-width: min(30rem, 92vw); }
    dialog::backdrop { background: rgb(0 0 0 / .6); }
    dialog h2 { margin-bottom: .7rem; font-size: 1.2rem; }
    dialog form { margin-top: 1rem; display: grid; gap: .7rem; }
    #enlarged { max-width: 100vw; max-height: 100dvh; width: 100vw; height: 100dvh; padding: 0; border: 0; border-radius: 0;
      background: #000; }
    #enlarged form, #enlarged button { all: unset; display: block; width: 100%; height: 100%; cursor: zoom-out; }
    #enlarged img { width: 100%; height: 100%; object-fit: contain; display: block; }
    @media (max-width: 52rem) {
      article { display: block; }
      figure { position: static; height: auto; min-height: 0; }
      figure button { padding: 0; }
      #photo { height: auto; max-height: 38dvh; }
      header { padding-block: .15rem; flex-wrap: nowrap; padding-inline: .8rem; }
      .progress { gap: .6rem; }
      .quiet { padding-inline: .3rem; max-width: 6.5rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      progress { position: absolute; inset: auto 0 -1px; width: 100%; max-width: none; height: 3px; border-radius: 0; }
      #keys { display: none; }
      footer { padding-inline: .8rem; gap: .45rem; }
      #labels { flex-wrap: nowrap; gap: .5rem; flex-basis: 100%; }
      #labels.many { flex-wrap: wrap; }
      #labels button { flex-basis: 0; padding-inline: .8rem; }
      #labels.many button { flex-basis: 8rem; }
      .others { flex: 1 1 100%; }
      .others button { flex: 1; min-height: 2.5rem; padding-block: .2rem; }
      .reading { padding-top: .8rem; }
      blockquote { margin: .3rem 0 .9rem; }
      #labels button { min-height: 3rem; padding-block: .3rem; }
      #labels small { font-size: .78rem; }
      #last { font-size: .85rem; }
    }
    @media (hover: none) { kbd { display: none; } }
    @media (prefers-reduced-motion: no-preference) {
      .reading, figure { animation: come .18s ease-out; }
      @keyframes come { from { opacity: .25; } }
    }
    @media (forced-colors: active) { mark { text-decoration: underline; } }
    """
}
