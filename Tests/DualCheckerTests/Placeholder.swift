// DualCheckerTests
