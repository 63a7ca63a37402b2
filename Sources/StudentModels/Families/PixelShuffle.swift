package import Tensor

/// Joins each block of factor x factor patches into one row: [tiles · side², width] to [tiles · (side/factor)², width · factor²].
package func pixelShuffled(_ x: Tensor, side: Int, by factor: Int) -> Tensor {
  let (width, small) = (x.shape[1], side / factor)
  return
    x
    .reshaped([-1, small, factor, small, factor, width])
    .permuted([0, 1, 3, 2, 4, 5])
    .reshaped([-1, factor * factor * width])
}
