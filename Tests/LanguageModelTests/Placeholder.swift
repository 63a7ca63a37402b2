// LanguageModelTests
