/// Two labels that a student's tokenizer writes with the same tokens, by their numbers.
package struct LabelsAlike: Error {
  package let first: Int
  package let second: Int
}
