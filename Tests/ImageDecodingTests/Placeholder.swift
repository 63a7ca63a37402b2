// ImageDecodingTests
