/// The page: its parts are files of their own, so that nothing inline is ever allowed to run.
enum ReviewPage {
  /// The document. What changes is filled in by the script.
  static let html = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <title>Review</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/review.css">
    <script src="/review.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#decision">Go to the decision</a>
    <header>
      <div class="progress">
        <progress id="bar" max="1" value="0" aria-labelledby="count"></progress>
        <p id="count"><span id="labelled"></span><span id="own"></span></p>
      </div>
      <nav aria-label="Items">
        <button id="back" type="button" class="quiet" aria-keyshortcuts="ArrowLeft" aria-label="Previous item">&#8592;</button>
        <button id="forward" type="button" class="quiet" aria-keyshortcuts="ArrowRight" aria-label="Next item">&#8594;</button>
        <button id="who" type="button" class="quiet"></button>
        <button id="keys" type="button" class="quiet" aria-keyshortcuts="?">Keys</button>
      </nav>
    </header>
    <p id="alarm" role="alert" hidden></p>
    <noscript><p class="alarm">This page needs JavaScript; nothing of it comes from elsewhere.</p></noscript>
    <main>
      <article id="question" tabindex="-1" aria-labelledby="title" hidden>
        <figure id="figure">
          <button id="zoom" type="button" aria-keyshortcuts="z" aria-label="Enlarge the photo"><img id="photo" alt=""></button>
          <figcaption id="fault" hidden></figcaption>
          <div id="thumbs" role="group" aria-label="Photos of this item" hidden></div>
        </figure>
        <div class="reading">
          <h1 id="title"></h1>
          <blockquote id="caption"></blockquote>
          <dl id="fields"></dl>
          <h2 class="heard">What the teachers say</h2>
          <div id="answers"></div>
        </div>
      </article>
      <section id="end" tabindex="-1" aria-labelledby="end-title" hidden>
        <h1 id="end-title">All decided</h1>
        <p id="end-text"></p>
        <div id="figures"></div>
        <p class="after"><button id="again" type="button">Look at the skipped ones again</button>
        <button id="reopen" type="button">Undo the last decision</button></p>
      </section>
    </main>
    <footer id="decision" role="group" aria-label="Your decision" tabindex="-1">
      <div id="last"></div>
      <div id="note-box" hidden>
        <label for="note">Note</label>
        <textarea id="note" rows="2" placeholder="Kept with your decision"></textarea>
      </div>
      <div id="labels"></div>
      <div class="others">
        <button id="skip" type="button" aria-keyshortcuts="s">Skip <kbd>S</kbd></button>
        <button id="undo" type="button" aria-keyshortcuts="u">Undo <kbd>U</kbd></button>
        <button id="note-button" type="button" aria-keyshortcuts="n" aria-expanded="false" aria-controls="note-box">Note <kbd>N</kbd></button>
      </div>
    </footer>
    <p id="status" role="status" aria-live="polite" class="heard"></p>
    <dialog id="enlarged" aria-label="The photo, enlarged"><form method="dialog"><button aria-label="Close"><img id="large" alt=""></button></form></dialog>
    <dialog id="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl id="help-keys"></dl>
      <form method="dialog"><button>Close</button></form>
    </dialog>
    <dialog id="naming" aria-labelledby="naming-title">
      <form method="dialog">
        <h2 id="naming-title">Who decides?</h2>
        <label for="name">Your name is kept with your decisions.</label>
        <input id="name" autocomplete="name" maxlength="60" required>
        <button id="named">Go on</button>
      </form>
    </dialog>
    </body>
    </html>
    """

  /// Two answers, one of them ticked.
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1a56b0"/>
    <path d="M8 17l5 5L24 10" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>
    """
}
