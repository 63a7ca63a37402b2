#include "CImageCodecs.h"

void image_planes(const uint8_t *rgb, size_t row_width, size_t x, size_t y, size_t width, size_t height,
                  const float *table, float *planes) {
  for (size_t row = 0; row < height; row++) {
    const uint8_t *from = rgb + ((y + row) * row_width + x) * 3;
    float *red = planes + row * width, *green = red + width * height, *blue = green + width * height;
    for (size_t column = 0; column < width; column++, from += 3) {
      red[column] = table[from[0]];
      green[column] = table[256 + from[1]];
      blue[column] = table[512 + from[2]];
    }
  }
}
