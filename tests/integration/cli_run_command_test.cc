#include "integration/cli/run_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "kernels/error.h"

namespace segue::integration {
namespace {

using testing::HasSubstr;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome outcome_of(const std::function<void(Console&)>& action) {
  std::ostringstream out, err;
  Console console{.out = out, .err = err, .out_style = {}, .err_style = {}};
  const int status = run_command(console, [&] { action(console); });
  return {status, out.str(), err.str()};
}

TEST(RunCommand, GivesZeroWhenTheActionReturns) {
  const Outcome outcome = outcome_of([](Console& console) { console.out << "done\n"; });
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(RunCommand, GivesEachKindOfErrorItsStatus) {
  const std::pair<ErrorKind, int> kinds[] = {{ErrorKind::kUsage, 1},        {ErrorKind::kBadInput, 2},
                                             {ErrorKind::kDamagedStore, 3}, {ErrorKind::kResource, 4},
                                             {ErrorKind::kGateRefused, 5},  {ErrorKind::kInterrupted, 130}};
  for (const auto& [kind, status] : kinds)
    EXPECT_EQ(outcome_of([kind = kind](Console&) { throw Error(kind, "what"); }).status, status);
}

TEST(RunCommand, SaysWhatWhereAndHowToMendOnErrAlone) {
  const Outcome outcome = outcome_of(
      [](Console&) { throw Error(ErrorKind::kBadInput, "no number", "events.jsonl:7", "write seconds"); });
  EXPECT_EQ(outcome.err, "segue: events.jsonl:7: no number; write seconds\n");
  EXPECT_EQ(outcome.out, "");
}

TEST(RunCommand, TakesLackOfMemoryThreadsAndDiskForResources) {
  EXPECT_EQ(outcome_of([](Console&) { throw std::bad_alloc(); }).status, 4);
  EXPECT_EQ(outcome_of([](Console&) {
              throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                                      "thread");
            }).status,
            4);
  const Outcome disk = outcome_of([](Console&) { std::filesystem::create_directory("/proc/no/such"); });
  EXPECT_EQ(disk.status, 4);
  EXPECT_THAT(disk.err, HasSubstr("/proc/no/such"));
}

TEST(RunCommand, CallsAProgrammersMistakeByItsName) {
  const Outcome outcome = outcome_of([](Console&) { throw std::invalid_argument("shape"); });
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("internal error: shape"));
}

TEST(RunCommand, EvenSurvivesWhatIsNoException) {
  EXPECT_EQ(outcome_of([](Console&) { throw 7; }).status, 4);
}

TEST(RunCommand, FailsWhenTheResultCannotBeWritten) {
  const Outcome outcome = outcome_of([](Console& console) { console.out.setstate(std::ios::badbit); });
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("standard output"));
}

}  // namespace
}  // namespace segue::integration
