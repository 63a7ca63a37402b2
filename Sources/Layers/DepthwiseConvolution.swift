internal import CKernels
package import Tensor

/// A convolution that filters each channel by a square kernel of its own, with zeros around the image (Chollet 2017).
package struct DepthwiseConvolution: Module {
  /// [channels, 1, side, side]; the side is odd.
  package var weight: Parameter
  /// [channels].
  package var bias: Parameter

  /// A convolution with this kernel [channels, 1, side, side] and bias [channels].
  package init(weight: Tensor, bias: Tensor) {
    precondition(
      weight.rank == 4 && weight.shape[1] == 1 && weight.shape[2] == weight.shape[3] && weight.shape[2] % 2 == 1
        && bias.shape == [weight.shape[0]], "a kernel of \(weight.shape) with a bias of \(bias.shape)")
    (self.weight, self.bias) = (Parameter(weight), Parameter(bias))
  }

  /// A convolution with normal random weights that keep the variance, and a zero bias.
  package init(channels: Int, side: Int, using generator: inout some RandomNumberGenerator) {
    self.init(
      weight: .normal([channels, 1, side, side], standardDeviation: 1 / Float(side), using: &generator),
      bias: .zeros([channels]))
  }

  /// Maps [images, height, width, channels] to the same shape.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let (channels, side) = (weight.value.shape[0], weight.value.shape[2])
    precondition(x.rank == 4 && x.shape[3] == channels, "\(x.shape) filtered in \(channels) channels")
    let kernel = weight.value.reshaped([channels, side * side]).transposed()
    let (plain, taps, offset) = (x.detached(), kernel.detached(), bias.value)
    let value = Tensor(shape: x.shape) { out in
      eachImage(of: x.shape) { at, height, width in
        plain.withScalars { x in
          taps.withScalars { kernel in
            offset.withScalars { bias in
              guard let x = x.baseAddress, let y = out.baseAddress else { return }
              sd_depthwise(x + at, kernel.baseAddress, bias.baseAddress, y + at, height, width, channels, side)
            }
          }
        }
      }
    }
    let tracked = (x: x.isTracked, kernel: kernel.isTracked, bias: offset.isTracked)
    return .operation(value: value, inputs: [x, kernel, offset]) { dy in
      let images = plain.shape[0]
      // Each image has sums of its own, which are added in the images' order.
      var kernels = Tensor.zeros([tracked.kernel ? images : 0, side * side * channels])
      var offsets = Tensor.zeros([tracked.bias ? images : 0, channels])
      var dx = Tensor.zeros(tracked.x ? plain.shape : [0])
      dx.mutateScalars { dx in
        kernels.mutateScalars { dw in
          offsets.mutateScalars { db in
            eachImage(of: plain.shape) { at, height, width in
              let image = at / (height * width * channels)
              plain.withScalars { x in
                taps.withScalars { kernel in
                  dy.withScalars { dy in
                    guard let x = x.baseAddress, let dy = dy.baseAddress else { return }
                    sd_depthwise_backward(
                      x + at, kernel.baseAddress, dy + at, tracked.x ? dx.baseAddress.map { $0 + at } : nil,
                      tracked.kernel ? dw.baseAddress.map { $0 + image * side * side * channels } : nil,
                      tracked.bias ? db.baseAddress.map { $0 + image * channels } : nil, height, width, channels, side)
                  }
                }
              }
            }
          }
        }
      }
      return [
        tracked.x ? dx : nil, tracked.kernel ? kernels.sum(along: 0).reshaped([side * side, channels]) : nil,
        tracked.bias ? offsets.sum(along: 0) : nil,
      ]
    }
  }

  /// The naive twin: every tap as a shifted copy of the image, by plain operations.
  package func naive(_ x: Tensor) -> Tensor {
    let (side, height, width) = (weight.value.shape[2], x.shape[1], x.shape[2])
    let kernel = weight.value.reshaped([x.shape[3], side * side]).transposed()
    // The last row stands for what lies around the images.
    let rows = Tensor.concatenated([x.reshaped([-1, x.shape[3]]), .zeros([1, x.shape[3]])])
    var sum = Tensor.zeros([x.count / x.shape[3], x.shape[3]]) + bias.value
    for tap in 0..<(side * side) {
      let (down, right) = (tap / side - side / 2, tap % side - side / 2)
      let places = (0..<(x.count / x.shape[3])).map { place -> Int in
        let (row, column) = (place / width % height + down, place % width + right)
        let isInside = (0..<height).contains(row) && (0..<width).contains(column)
        return isInside ? place + down * width + right : rows.shape[0] - 1
      }
      sum = sum + rows.gathered(places) * kernel.rows(tap..<(tap + 1))
    }
    return sum.reshaped(x.shape)
  }

  /// Shows `weight` and `bias`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    visitor.visit(&bias, at: path.appending(component: "bias"))
  }
}

/// Calls the closure for each image of [images, height, width, channels], side by side, with the number of its first element.
private func eachImage(of shape: [Int], _ body: (_ first: Int, _ height: Int, _ width: Int) -> Void) {
  let size = shape[1] * shape[2] * shape[3]
  Tensor.Compute.parallel(shape[0]) { body($0 * size, shape[1], shape[2]) }
}
