import ImageDecoding
import TeacherProtocol

#if PACKAGE
  private let options: OpenAICompatibleTeacher.Options = standIn()
  private let key: String = standIn()
  private let request: TeacherRequest = standIn()
  private let requests: [String: TeacherRequest] = standIn()
#endif
