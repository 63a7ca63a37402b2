// LoRATests
