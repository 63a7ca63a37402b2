import ImageDecoding
import Layers
import LoRA
import Tensor
import Tokenization

private let picture: RGBImage = standIn()
private let captions: [String] = standIn()
private nonisolated(unsafe) var student: any PretrainedStudent = standIn()
private let classifier: TextClassifier = standIn()
private let texts: [String] = standIn()
private let adapter: URL = standIn()
#if PACKAGE
  private let url: URL = standIn()
  private nonisolated(unsafe) var generator = Tensor.Generator(seed: 1)
#endif
