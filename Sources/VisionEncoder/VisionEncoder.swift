// VisionEncoder
