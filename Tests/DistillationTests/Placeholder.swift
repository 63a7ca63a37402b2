// DistillationTests
