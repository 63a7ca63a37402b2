import Annotations

private let annotation: Annotation = standIn()
