// HTTPTeacherTests
