#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

func logarithm(_ x: Float) -> Float { log(x) }
func cosine(_ x: Float) -> Float { cos(x) }
