/// The look of a report: one style sheet for light and dark, desk and phone, screen and paper.
enum ReportStyle {
  static let sheet = HTML(trusted: colours + layout + tables + charts + gallery)

  private static let light = """
    --paper:#fbfaf7;--card:#fff;--ink:#1f1e1b;--soft:#5f5b53;--rule:#e3dfd6;--wash:#f1eee7;
    --c0:#0d6b66;--c1:#b0471f;--c2:#4a55a8;--c3:#7c6410;--c4:#8a3a72;--c5:#55606b;--heat:13 107 102;
    """
  private static let dark = """
    --paper:#171715;--card:#1f1f1c;--ink:#ebe7df;--soft:#aaa499;--rule:#37352f;--wash:#262521;
    --c0:#5cc4ba;--c1:#f09468;--c2:#a3aef5;--c3:#d9bd5c;--c4:#dd94c6;--c5:#b0bac4;--heat:92 196 186;
    """
  private static let colours = """
    :root{color-scheme:light dark;\(light)
    --serif:Charter,"Bitstream Charter","Iowan Old Style","Palatino Linotype","Noto Serif",Georgia,serif;
    --sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
    --mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
    @media (prefers-color-scheme:dark){:root{\(dark)}}
    """

  private static let layout = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans);overflow-wrap:anywhere}
    .page{max-width:1080px;margin:0 auto;padding:56px 32px 72px}
    h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;text-wrap:balance}
    h1{font-size:clamp(30px,5vw,46px);letter-spacing:-.015em;margin:0 0 16px}
    h2{font-size:27px;letter-spacing:-.01em;margin:0 0 6px}
    h3{font-size:18px;margin:32px 0 8px}
    h4{font-size:15px;margin:0}
    p{margin:0 0 12px}
    section{margin-top:64px;padding-top:28px;border-top:1px solid var(--rule)}
    .deck{font:20px/1.5 var(--serif);max-width:46em;margin:0 0 10px}
    .soft{color:var(--soft)}
    .note{color:var(--soft);font-size:15px;max-width:46em;margin:0 0 22px}
    nav{margin-top:22px;font-size:14px;display:flex;flex-wrap:wrap;gap:2px 22px}
    nav a{padding:5px 0}
    a{color:var(--c0);text-decoration-thickness:1px;text-underline-offset:3px}
    :focus-visible{outline:2px solid var(--c0);outline-offset:3px;border-radius:3px}
    .skip{position:absolute;left:-999px}
    .skip:focus{left:16px;top:12px}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:24px 32px;margin:38px 0 0}
    .figures div{border-top:2px solid var(--ink);padding-top:12px}
    .figures dt{font-size:14px;color:var(--soft)}
    .figures dd{margin:0}
    .figures .big{font:600 38px/1.2 var(--serif);font-variant-numeric:tabular-nums lining-nums;letter-spacing:-.02em}
    .figures .big small{font-size:.5em;font-weight:400;letter-spacing:0}
    .figures .small{font-size:14px;color:var(--soft);font-variant-numeric:tabular-nums}
    details{margin:14px 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule)}
    details+details{margin-top:-15px}
    summary{cursor:pointer;padding:11px 0;font-size:15px;font-weight:500}
    summary::marker{color:var(--soft)}
    details[open]>summary{margin-bottom:10px}
    details>:last-child{margin-bottom:18px}
    pre{font:13px/1.6 var(--mono);white-space:pre-wrap;background:var(--wash);padding:18px;border-radius:6px;margin:0}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    footer{margin-top:72px;padding-top:16px;border-top:1px solid var(--rule);font-size:13px;color:var(--soft)}
    @media (max-width:640px){.page{padding:32px 18px 48px}section{margin-top:44px;padding-top:22px}
    .deck{font-size:18px}h2{font-size:24px}.figures{grid-template-columns:1fr 1fr;gap:20px 18px;margin-top:28px}
    .figures .big{font-size:30px}}
    @media print{.page{max-width:none;padding:0}section{break-inside:auto}nav,.filter{display:none}}
    """

  private static let tables = """
    table{border-collapse:collapse;width:100%;font-size:15px;font-variant-numeric:tabular-nums lining-nums}
    th,td{text-align:left;padding:9px 12px 9px 0;border-bottom:1px solid var(--rule);vertical-align:top}
    th{font-weight:500}
    thead th{font-size:13px;color:var(--soft);vertical-align:bottom}
    caption{text-align:left;font-size:14px;color:var(--soft);padding:0 0 8px}
    .number{text-align:right;white-space:nowrap}
    .results tbody th[scope=rowgroup]{padding-top:24px;font-size:13px;color:var(--soft);font-weight:500}
    .results .what{display:block;font-size:13px;color:var(--soft);font-weight:400;line-height:1.4}
    .results tr.main th,.results tr.main td{font-weight:650}
    .results tr.main{background:linear-gradient(90deg,transparent,var(--wash) 4% 96%,transparent)}
    .results td{padding-top:11px}.results td.plot{width:27%;padding:9px 20px 0 12px}
    .results th.plot{padding:0 20px 9px 12px}
    .scale{display:flex;justify-content:space-between}
    .plot svg{display:block;width:100%;height:24px;overflow:visible}
    @media (max-width:640px){.results,.results tbody,.results tr,.results th,.results td{display:block}
    .results thead{display:none}.results th,.results td{border:0;padding:0}
    .results tbody th[scope=rowgroup]{padding:22px 0 2px}
    .results tr{border-bottom:1px solid var(--rule);padding:12px 0;display:grid;
    grid-template-columns:1fr 1.45fr 1fr 1fr 1fr;gap:4px 8px;font-size:14px}.results tr.group{display:block;padding:0}.results tr>th[scope=row]{font-size:15px}.results tr>th[scope=row],.results tr>td.plot{grid-column:1/-1}
    .results td.plot,.results th.plot{width:auto;padding:2px 6px}.results td.number{text-align:left}
    .results td[data-name]::before{content:attr(data-name);display:block;font-size:11.5px;font-weight:400;color:var(--soft)}
    .results tr.main{background:var(--wash);margin:0 -10px;padding:12px 10px;border-radius:6px}}
    .steps td:last-child{width:34%}.steps th[scope=row]{min-width:6em}
    .bar{display:block;height:6px;border-radius:3px;background:var(--c0);min-width:2px;margin-top:9px}
    @media (max-width:640px){.steps td:last-child,.steps thead th:last-child{display:none}}
    .scroll{overflow-x:auto;position:relative}
    .matrix{width:auto;border-collapse:separate;border-spacing:3px}
    .matrix th,.matrix td{border:0;padding:8px 10px}
    .matrix td{text-align:center;min-width:74px;border-radius:5px;background:rgb(var(--heat)/var(--v,0));
    vertical-align:middle}
    .matrix td.blank{background:var(--wash)}.matrix td.diagonal{outline:1.5px solid var(--soft);outline-offset:-1.5px}
    .matrix td b{display:block;font-weight:600}.matrix td small{font-size:12px}
    .matrix thead th{text-align:center;vertical-align:bottom}.matrix tbody th{text-align:right;min-width:7em;max-width:15em}
    .matrix tbody th span{color:var(--soft);font-weight:400}
    @media (max-width:640px){.matrix th,.matrix td{padding:7px 5px}.matrix td{min-width:48px}.matrix tbody th{min-width:5em}
    .matrix{font-size:14px}}
    .matrices{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr));gap:26px 32px}
    .matrices.many{grid-template-columns:repeat(auto-fill,minmax(min(100%,470px),1fr))}.matrices h4{margin-bottom:6px}
    """

  private static let charts = """
    .chart{display:block;width:100%;height:auto;overflow:visible;font:12px var(--sans);
    font-variant-numeric:tabular-nums}
    .chart text{fill:var(--soft)}.chart .axis{font-size:12.5px}.chart .name{fill:currentColor;font-weight:550}
    .grid{stroke:var(--rule)}.base{stroke:var(--soft);stroke-opacity:.6}
    .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
    .faint{stroke-width:1;stroke-opacity:.35}.line.faint{stroke-dasharray:none!important}
    .level{stroke-width:1.5;stroke-dasharray:1 5}
    .whisker{stroke:currentColor;stroke-width:1.5;stroke-opacity:.65}
    .mark{fill:currentColor;stroke:var(--paper);stroke-width:1.5}.mark:hover{stroke:var(--ink)}
    .s0{color:var(--c0)}.s1{color:var(--c1)}.s2{color:var(--c2)}.s3{color:var(--c3)}.s4{color:var(--c4)}
    .s5{color:var(--c5)}.chart .name.s0,.chart .name.s1,.chart .name.s2,.chart .name.s3,.chart .name.s4,
    .chart .name.s5{fill:currentColor}
    path.s1{stroke-dasharray:7 4}path.s2{stroke-dasharray:2 4}path.s3{stroke-dasharray:9 3 2 3}path.line.level{stroke-dasharray:1 5}
    .small-charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:26px 36px;
    margin:14px 0 8px}
    figure{margin:0}figure figcaption{font-size:14px;color:var(--soft);margin-top:8px}
    .narrow{display:none}
    .legend{list-style:none;margin:10px 0 0;padding:0;font-size:14px;display:grid;gap:3px}
    .legend li{display:flex;gap:9px;align-items:center;min-width:0}.legend svg{flex:none;width:34px;height:14px}
    .legend span{color:var(--ink)}
    @media (max-width:640px){.wide{display:none}.narrow{display:block}}
    """

  private static let gallery = """
    .filter{border:0;padding:0;margin:0 0 20px;display:flex;flex-wrap:wrap;gap:8px;font-size:14px}
    .filter legend{float:left;padding:6px 6px 0 0;color:var(--soft)}
    .filter label{border:1px solid var(--rule);border-radius:99px;padding:5px 14px;cursor:pointer;
    display:inline-flex;gap:6px;align-items:center;background:var(--card)}
    .filter input{accent-color:var(--c0);margin:0}
    .filter label:has(:checked){border-color:var(--ink)}
    .gallery:has(#only-right:checked) .card:not(.right),.gallery:has(#only-wrong:checked) .card:not(.wrong),
    .gallery:has(#only-human:checked) .card:not(.human){display:none}
    .card{display:grid;grid-template-columns:270px minmax(0,1fr);gap:24px;background:var(--card);
    border:1px solid var(--rule);border-radius:10px;padding:20px;margin:0 0 18px}
    .card img,.card .blank{display:block;width:100%;border-radius:6px;background:var(--wash)}
    .card img{max-height:340px;object-fit:contain}
    .card figure{margin:0 0 10px}.card figcaption{font-size:13px;color:var(--soft);margin-top:4px}
    .card.text{grid-template-columns:minmax(0,1fr);gap:8px}
    .card .blank{aspect-ratio:4/3;display:grid;place-content:center;color:var(--soft);font-size:14px}
    .card .id{font:12px var(--mono);color:var(--soft);margin:8px 0 0}
    .card blockquote{font:19px/1.45 var(--serif);margin:0 0 14px}
    .verdicts{display:flex;flex-wrap:wrap;gap:6px 26px;margin:0 0 16px;font-size:14px}
    .verdicts div{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:baseline}
    .verdicts dt{color:var(--soft)}.verdicts dd{margin:0;display:flex;flex-wrap:wrap;gap:4px 8px;align-items:baseline}
    .tag{display:inline-flex;gap:6px;align-items:baseline;font-weight:600;font-size:14px}
    .tag i{font-style:normal;font-size:13px}
    .sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,200px),1fr));gap:16px 24px}
    .side{border-top:2px solid currentColor;padding-top:8px}
    .side>*{color:var(--ink)}.side>.tag{color:inherit}
    .vote{margin:8px 0 0;font-size:14px;line-height:1.5}
    .vote b{font-weight:600}.sure{color:var(--soft);font-variant-numeric:tabular-nums}
    .vote p{margin:1px 0 0;color:var(--soft)}
    .more{border:0;margin:0;color:var(--soft)}.more summary{padding:1px 0;font-size:inherit;font-weight:400}
    .more[open]>summary{margin:0}.more>:last-child{margin:0}.more summary::marker{font-size:.8em}
    .aside p{margin:1px 0 0}.aside{margin:14px 0 0;padding-top:10px;border-top:1px solid var(--rule);font-size:14px;color:var(--soft)}
    .aside b{color:var(--ink);font-weight:600}.vote details+details,.more+.more{margin:0}
    @media (max-width:760px){.card{grid-template-columns:1fr;gap:16px;padding:16px}.card img{max-height:260px}}
    @media print{.card{break-inside:avoid}}
    """
}
