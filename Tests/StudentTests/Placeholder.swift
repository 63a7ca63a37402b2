// StudentTests
