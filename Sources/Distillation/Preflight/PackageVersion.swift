/// The version of this package, stated here and nowhere else.
package enum PackageVersion {
  /// The version by the rules of https://semver.org.
  package static let current = "0.1.0"
}
