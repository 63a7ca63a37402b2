/// What every report stands in: a page that is whole in one file and fetches nothing.
package enum ReportFrame {
  /// The page around a header and a main part.
  ///
  /// - Parameter showsImages: whether the policy allows images that the page itself holds.
  package static func page(title: String, showsImages: Bool, body: HTML) -> HTML {
    let images: HTML? = showsImages ? "img-src data:; " : nil
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \(images)style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title)</title>
      <style>\(ReportStyle.sheet)</style>
      </head>
      <body>
      <div class="page">
      \(body)
      <footer>Written by <b>distill</b>. The page is whole in this one file and fetches nothing.</footer>
      </div>
      </body>
      </html>

      """
  }
}
