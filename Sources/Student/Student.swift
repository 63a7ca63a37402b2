// Student
