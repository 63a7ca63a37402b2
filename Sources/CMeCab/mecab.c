// MeCab by its model, its tagger and a lattice for each text: those that threads may share, and one that they may not.
#include "CMeCab.h"

#if SD_MECAB
#include <mecab.h>
#include <stdio.h>
#include <stdlib.h>

struct sd_mecab {
  mecab_model_t *model;
  mecab_t *tagger;
};

sd_mecab *sd_mecab_open(int count, const char *const *arguments, char *reason, size_t capacity) {
  sd_mecab *dictionary = calloc(1, sizeof *dictionary);
  // MeCab writes no argument.
  if (dictionary) dictionary->model = mecab_model_new(count, (char **)arguments);
  if (dictionary && dictionary->model) dictionary->tagger = mecab_model_new_tagger(dictionary->model);
  if (dictionary && dictionary->tagger) return dictionary;
  const char *said = mecab_strerror(NULL);
  snprintf(reason, capacity, "%s", said && *said ? said : "it can't be opened");
  sd_mecab_close(dictionary);
  return NULL;
}

void sd_mecab_close(sd_mecab *dictionary) {
  if (!dictionary) return;
  if (dictionary->tagger) mecab_destroy(dictionary->tagger);
  if (dictionary->model) mecab_model_destroy(dictionary->model);
  free(dictionary);
}

const char *sd_mecab_character_set(const sd_mecab *dictionary) {
  const mecab_dictionary_info_t *info = mecab_model_dictionary_info(dictionary->model);
  return info && info->charset ? info->charset : "";
}

bool sd_mecab_divide(
  const sd_mecab *dictionary, const char *text, size_t length, void *context,
  void (*word)(void *context, size_t start, size_t length)) {
  mecab_lattice_t *lattice = mecab_model_new_lattice(dictionary->model);
  if (!lattice) return false;
  mecab_lattice_set_sentence2(lattice, text, length);
  bool is_divided = mecab_parse_lattice(dictionary->tagger, lattice);
  if (is_divided) {
    for (const mecab_node_t *node = mecab_lattice_get_bos_node(lattice); node; node = node->next) {
      if (node->stat == MECAB_BOS_NODE || node->stat == MECAB_EOS_NODE) continue;
      word(context, (size_t)(node->surface - mecab_lattice_get_sentence(lattice)), node->length);
    }
  }
  mecab_lattice_destroy(lattice);
  return is_divided;
}
#endif
