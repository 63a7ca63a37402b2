internal import CKernels

extension Tensor {
  /// The negative.
  public static prefix func - (x: Tensor) -> Tensor { x.unary(SD_NEGATE) }
  /// e to the power of each element; arguments beyond ±87 are clamped to the ends of Float32.
  public func exp() -> Tensor { unary(SD_EXP) }
  /// The natural logarithm.
  public func log() -> Tensor { unary(SD_LOG) }
  /// The square root.
  public func squareRoot() -> Tensor { unary(SD_SQRT) }
  /// One over the square root.
  package func reciprocalSquareRoot() -> Tensor { unary(SD_RSQRT) }
  /// One over each element.
  package func reciprocal() -> Tensor { unary(SD_RECIPROCAL) }
  /// The square.
  public func squared() -> Tensor { unary(SD_SQUARE) }
  /// The absolute value; its derivative at 0 is taken as 0.
  package func absolute() -> Tensor { unary(SD_ABSOLUTE) }
  /// The hyperbolic tangent.
  public func tanh() -> Tensor { unary(SD_TANH) }
  /// The logistic function 1 / (1 + e^-x).
  public func sigmoid() -> Tensor { unary(SD_SIGMOID) }
  /// log(sigmoid(x)) as min(x, 0) - log(1 + e^-|x|): taking sigmoid first and log after loses everything below -87.
  public func logSigmoid() -> Tensor { unary(SD_LOG_SIGMOID) }
  /// max(x, 0); its derivative at 0 is taken as 0.
  public func relu() -> Tensor { unary(SD_RELU) }
  /// x · sigmoid(x), also called swish (Elfwing et al. 2018).
  public func silu() -> Tensor { unary(SD_SILU) }
  /// GELU by its tanh form, `gelu_pytorch_tanh` (Hendrycks and Gimpel 2016).
  package func geluTanh() -> Tensor { unary(SD_GELU_TANH) }
  /// GELU by the error function, PyTorch's default, to an absolute error of 1e-6.
  public func gelu() -> Tensor { unary(SD_GELU_ERF) }
  /// x · sigmoid(1.702 x), `quick_gelu` of CLIP and Qwen2-VL.
  package func geluQuick() -> Tensor { unary(SD_GELU_QUICK) }

  private func unary(_ operation: Int) -> Tensor {
    let code = Int32(operation)
    let value = Tensor(shape: shape) { out in
      guard let y = out.baseAddress else { return }
      inBlocks(of: out.count) { start, count in sd_unary(code, storage.pointer + start, y + start, count) }
    }
    return .operation(value: value, inputs: [self]) { [x = detached(), y = value] gradient in
      [
        Tensor(shape: x.shape) { out in
          guard let dx = out.baseAddress else { return }
          inBlocks(of: out.count) { start, count in
            sd_unary_backward(
              code, x.storage.pointer + start, y.storage.pointer + start, gradient.storage.pointer + start, dx + start,
              count)
          }
        }
      ]
    }
  }
}
