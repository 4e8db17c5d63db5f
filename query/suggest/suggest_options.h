#pragma once

#include <cstddef>

namespace segue::query {

/// How suggestions are ranked: score = popularity * P + match * T + model * M + words * W.
struct SuggestOptions {
  // Behaviour. P, T and W lie in [0, 1]; M is 1 for an item ten standard deviations above the mean.

  double popularity = 1.0;  ///< P: the weight of the suggestion, 1 for the most popular text of the store
  double match = 0.25;  ///< T: how much of the text has been typed; small, so that it decides between equals
  double model = 1.5;   ///< M: the session's models; above popularity, so that a session can turn the order
  double words = 1.5;   ///< W: words that the session holds too; all that speaks for items no model knows

  /// What a text of the session says, against the text after it.
  double recency = 0.8;
  /// Texts of the session whose words count, the newest ones.
  std::size_t word_texts = 10;
  /// What a word counts that differs from the session's by up to two letters at its end (lantern, lanterns).
  double inflected = 0.8;

  // Performance: how many candidates are scored. A prefix of at most `heaviest` suggestions is ranked
  // exactly.

  std::size_t heaviest = 200;      ///< the most popular that begin with the typed letters
  std::size_t related = 200;       ///< those that the models put first
  std::size_t worded = 300;        ///< those that hold words of the session, the telling words first
  std::size_t per_word = 50;       ///< of these, those of one word, the most popular ones
  std::size_t word_scan = 20'000;  ///< rows looked at to find them: about 20 microseconds
};

}  // namespace segue::query
