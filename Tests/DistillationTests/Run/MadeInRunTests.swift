import Annotations
import Distillation
import Foundation
import Layers
import Student
import Tensor
import Testing
import Tokenizers
