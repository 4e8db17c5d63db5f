#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "index/text/porter_stemmer.h"
#include "tests/real/data_folder.h"

namespace segue {
namespace {

// The author's own vocabulary with its stems (tartarus.org/martin/PorterStemmer: voc.txt, output.txt).
TEST(PorterVocabulary, IsStemmedToTheLastWord) {
  SEGUE_NEEDS_DATA("porter/voc.txt");
  SEGUE_NEEDS_DATA("porter/output.txt");
  std::ifstream words(real::data_file("porter/voc.txt"));
  std::ifstream stems(real::data_file("porter/output.txt"));
  std::size_t count = 0;
  std::string word;
  std::string expected;
  while (std::getline(words, word) && std::getline(stems, expected)) {
    std::string stem = word;
    index::porter_stem(stem);
    EXPECT_EQ(stem, expected) << word;
    ++count;
  }
  EXPECT_EQ(count, 23531u);
}

}  // namespace
}  // namespace segue
