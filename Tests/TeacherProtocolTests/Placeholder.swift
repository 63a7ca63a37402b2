// TeacherProtocolTests
