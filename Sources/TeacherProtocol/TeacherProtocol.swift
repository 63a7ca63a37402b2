// TeacherProtocol
