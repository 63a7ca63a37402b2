// The words of Japanese text by MeCab. They are there in builds with the trait MeCab alone.
#ifndef CMECAB_H
#define CMECAB_H
#include <stdbool.h>
#include <stddef.h>

// A dictionary, from which several threads may ask at once.
typedef struct sd_mecab sd_mecab;

// Opens a dictionary as the program mecab does with these arguments, of which the first is a program's name. NULL, and why,
// where that fails.
sd_mecab *sd_mecab_open(int count, const char *const *arguments, char *reason, size_t capacity);
void sd_mecab_close(sd_mecab *dictionary);
// The name of the dictionary's character set.
const char *sd_mecab_character_set(const sd_mecab *dictionary);

// Calls `word` with the first byte and the bytes of each word of a text, in order; white space is in none. False where MeCab
// can't divide the text.
bool sd_mecab_divide(
  const sd_mecab *dictionary, const char *text, size_t length, void *context,
  void (*word)(void *context, size_t start, size_t length));
#endif
