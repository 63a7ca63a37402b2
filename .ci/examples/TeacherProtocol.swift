import Testing

private struct MyTeacher: Teacher {
  let name = "mine"
  func reply(to request: TeacherRequest) async throws -> TeacherReply { standIn() }
}
private let labels: LabelSet = standIn()
private let item: Item = standIn()
private let data: Dataset = standIn()
private let template: PromptTemplate = standIn()
private let requests: [TeacherRequest] = standIn()
private let stated: [Double] = standIn()
private let wasRight: [Bool] = standIn()
private let mapping: FieldMapping = standIn()
#if PACKAGE
  private let raw: Dataset = standIn()
  private let shard: Shard = standIn()
#endif
