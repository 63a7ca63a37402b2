package import Foundation

/// Paths of configurations.
package enum ConfigurationPath {
  /// A path without a relative part: `~/` is the user's home.
  ///
  /// A step upwards takes the folder before it out, but for one that is a symbolic link, where that would lead elsewhere.
  package static func absolute(_ path: String, in folder: URL) -> String {
    if path.hasPrefix("/") || isServer(path) { return path }
    if path == "~" { return NSHomeDirectory() }
    if path.hasPrefix("~/") { return NSHomeDirectory() + path.dropFirst(1) }
    let steps = (folder.absoluteURL.path + "/" + path).split(separator: "/").filter { $0 != "." }
    var taken: [Substring] = []
    for step in steps {
      let here = "/" + taken.joined(separator: "/")
      if step == "..", taken.last != nil, taken.last != "..", !isLink(here) {
        taken.removeLast()
      } else if step != ".." || !taken.isEmpty {
        taken.append(step)
      }
    }
    return "/" + taken.joined(separator: "/")
  }

  /// Whether a text is the address of a data base on a server, and no path.
  package static func isServer(_ text: String) -> Bool {
    text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
  }

  private static func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }
}
