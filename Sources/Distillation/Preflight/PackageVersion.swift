/// The version of this package, stated here and nowhere else.
public enum PackageVersion {
  /// The version by the rules of https://semver.org.
  public static let current = "0.1.0"
}
