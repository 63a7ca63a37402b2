// HTTPTeacher
