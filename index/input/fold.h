#pragma once

#include <string>
#include <string_view>

namespace segue::index {

/// The form in which texts are compared and completed. Thread-safe, idempotent, never throws on any bytes.
/// The rule:
///
/// 1. NFKC and Unicode case folding (sharp s is "ss", final sigma is sigma); code points that are ignorable
/// by default, such
///    as soft hyphens, joiners and variation selectors, are removed.
/// 2. Marks are removed after a base of the Latin, Greek or Cyrillic script, after a digit and where there is
/// no base; other
///    scripts keep theirs. Latin letters that have no decomposition become ASCII by a table: l-stroke l,
///    o-slash o, ae ae, oe oe, eth d, thorn th, d-stroke d and kin.
/// 3. Apostrophes (' ` and the typographic ones) are removed, so that "don't" is "dont". Every other
/// character of
///    punctuation, every symbol (also the trade mark sign), control and private character, and every byte
///    that is not UTF-8 is a blank, so that "T-light" and "t light" are the same two words.
/// 4. White space is one blank between words, and none at the ends.
///
/// ASCII takes a fast path.
std::string fold(std::string_view text);

/// fold() of a text that is still being typed: where it ends after a word with a blank, or with what becomes
/// one, that blank stays, since it ends the word.
std::string fold_prefix(std::string_view text);

}  // namespace segue::index
