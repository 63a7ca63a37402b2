/// The reasons that a person who knows both scenes would give for the label.
package enum Rationale {
  /// Why a caption fits a photo, or where they part.
  ///
  /// ```swift
  /// Rationale.text(caption: threeRedBoats, photo: threeBlueBoats)
  /// // "The caption says red boats, but the photo shows blue boats."
  /// Rationale.text(caption: threeRedBoats, photo: threeRedBoats)
  /// // "Photo and caption both show three red boats in a harbour at dusk."
  /// ```
  ///
  /// Names exactly the facts that differ; the object is said too where a colour or count would stand alone.
  ///
  /// - Parameters:
  ///   - caption: What the caption speaks of.
  ///   - photo: What the photo shows.
  package static func text(caption: Scene, photo: Scene) -> String {
    let differences = caption.differences(from: photo)
    if differences.isEmpty {
      return "Photo and caption both show \(photo.phrase(naming: Set(Fact.allCases)))."
    }
    return
      "The caption says \(caption.phrase(naming: differences)), but the photo shows \(photo.phrase(naming: differences))."
  }
}
