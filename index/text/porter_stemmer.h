#pragma once

#include <string>

namespace segue::index {

/// Porter's stemmer of English (M. F. Porter, "An algorithm for suffix stripping", 1980, with the three
/// departures of the author's own implementation: bli, logi, words of two letters). The word is lower-case
/// UTF-8; letters outside a to z count as consonants. Lucene++'s PorterStemFilter leaves 1,025 of the 23,531
/// words of the author's vocabulary wrong ("accusation" to "accusati"), hence this one. Thread-safe.
void porter_stem(std::string& word);

}  // namespace segue::index
