#include "integration/jobs/trec_run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>

namespace segue::integration {
namespace {

plugin::AnswerHit hit(const std::string& id, std::size_t rank, double score) {
  plugin::AnswerHit answer_hit;
  answer_hit.id = id;
  answer_hit.hit.rank = rank;
  answer_hit.hit.score = score;
  return answer_hit;
}

TEST(TrecRun, EncodesWhiteSpaceAndPercentAndNothingElse) {
  EXPECT_EQ(percent_encoded("85123A"), "85123A");
  EXPECT_EQ(percent_encoded("query:white lantern"), "query:white%20lantern");
  EXPECT_EQ(percent_encoded("100%\t"), "100%25%09");
  EXPECT_EQ(percent_encoded("a\u00a0b\u2003c\u3000"), "a%C2%A0b%E2%80%83c%E3%80%80");
  EXPECT_EQ(percent_encoded("scope:a=b:é日/?&+"), "scope:a=b:é日/?&+");
}

TEST(TrecRun, EncodedIdsHoldNoCharacterThatSplitsAColumn) {
  std::string every;
  for (int byte = 1; byte < 128; ++byte) every += static_cast<char>(byte);
  std::istringstream columns(percent_encoded(every));
  std::string first, second;
  columns >> first >> second;
  EXPECT_FALSE(first.empty());
  EXPECT_TRUE(second.empty());
}

TEST(TrecRun, HasSixColumnsForEachHit) {
  plugin::Answer answer;
  answer.hits = {hit("a b", 1, 1.5), hit("c", 2, 1.5)};
  std::string run;
  append_run(run, "q 1", answer);
  EXPECT_EQ(run, "q%201 Q0 a%20b 1 1.5 segue\nq%201 Q0 c 2 1.5 segue\n");
}

TEST(TrecRun, ScoresReadBackAsTheSameNumber) {
  for (const double score : {0.1 + 0.2, 1e-300, 12345678.9, -3.0, 1.0 / 3}) {
    plugin::Answer answer;
    answer.hits = {hit("a", 1, score)};
    std::string run;
    append_run(run, "q", answer);
    std::istringstream columns(run);
    std::string request, zero, item, rank, text;
    columns >> request >> zero >> item >> rank >> text;
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), score) << run;
  }
}

}  // namespace
}  // namespace segue::integration
