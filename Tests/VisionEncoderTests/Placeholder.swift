// VisionEncoderTests
