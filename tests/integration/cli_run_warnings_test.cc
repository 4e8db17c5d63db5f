#include "integration/jobs/run_warnings.h"

#include <gtest/gtest.h>

#include <string>

namespace segue::integration {
namespace {

TEST(RunWarnings, CountRequestsByTheBeginningOfAMessageWithoutItsNumbers) {
  RunWarnings warnings;
  warnings.add("a", {"the session has 1200 events", "no field `x`"});
  warnings.add("b", {"the session has 7 events"});
  ASSERT_EQ(warnings.list().size(), 2u);
  EXPECT_EQ(warnings.list()[0].message, "the session has 1200 events");
  EXPECT_EQ(warnings.list()[0].requests, 2u);
  EXPECT_EQ(warnings.list()[0].example, "a");
  EXPECT_EQ(warnings.list()[1].requests, 1u);
}

TEST(RunWarnings, CountARequestOnceForEachKind) {
  RunWarnings warnings;
  warnings.add("a", {"cut to 5", "cut to 6"});
  ASSERT_EQ(warnings.list().size(), 1u);
  EXPECT_EQ(warnings.list()[0].requests, 1u);
}

TEST(RunWarnings, StayFewWhenOnlyTheEndsOfMessagesDiffer) {
  RunWarnings warnings;
  const std::string beginning(60, 'm');
  for (const char* end : {"x", "y", "z"}) warnings.add(end, {beginning + end});
  EXPECT_EQ(warnings.list().size(), 1u);
  EXPECT_EQ(warnings.list()[0].requests, 3u);
}

}  // namespace
}  // namespace segue::integration
