#include "integration/cli/terminal_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

#include "kernels/error.h"

namespace segue::integration {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// A progress on a stream with a clock that stands still until it is moved.
class ProgressTest : public testing::Test {
 protected:
  TerminalProgress make(TerminalStyle style) {
    return TerminalProgress(
        out_, style, [this] { return stopped_; }, [this] { return now_; });
  }
  std::size_t lines() const {
    const std::string text = out_.str();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  std::ostringstream out_;
  double now_ = 100;
  bool stopped_ = false;
};

constexpr TerminalStyle kPipe{};
constexpr TerminalStyle kTerminal{.live = true, .colour = false, .unicode = false, .width = 100};

TEST_F(ProgressTest, APipeGetsOneLineForAShortPhase) {
  {
    TerminalProgress progress = make(kPipe);
    progress.phase("transformer");
    for (int i = 0; i <= 100; ++i) {
      now_ += 0.02;
      progress.update(i, 100, "loss 4.31");
    }
  }
  EXPECT_EQ(out_.str(), "transformer: 2.02 s, loss 4.31\n");
}

TEST_F(ProgressTest, APipeGetsALineForEachTenthOfALongPhaseAndASignOfLifeEachMinute) {
  TerminalProgress progress = make(kPipe);
  progress.phase("epochs");
  for (int i = 1; i < 1000; ++i) {
    now_ += 1;
    progress.update(i, 1000);
  }
  EXPECT_EQ(lines(), 9u + 10u);  // tenths come every 100 s, and 60 s after each of them a sign of life
  EXPECT_THAT(out_.str(), HasSubstr("epochs: 10 %, 1.00/s, 15 min 00 s left\n"));
}

TEST_F(ProgressTest, APipeNeverGetsTwoLinesOfAPhaseWithinFiveSeconds) {
  TerminalProgress progress = make(kPipe);
  progress.phase("epochs");
  for (int i = 1; i <= 100; ++i) {
    now_ += 0.2;  // a tenth every two seconds
    progress.update(i, 100);
  }
  EXPECT_LE(lines(), 4u);
  EXPECT_GE(lines(), 3u);
}

TEST_F(ProgressTest, APipeNeverSeesAnEscapeCodeOrACarriageReturn) {
  {
    TerminalProgress progress = make(kPipe);
    progress.phase("one");
    now_ += 7;
    progress.update(1, 2);
    progress.message("a \x1b[31mred\x1b[0m warning");
    progress.phase("two");
  }
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\r")));
  EXPECT_THAT(out_.str(), HasSubstr("red"));
}

TEST_F(ProgressTest, ATerminalShowsNameBarPercentRateTimeLeftAndNote) {
  TerminalProgress progress = make(kTerminal);
  progress.phase("transformer");
  now_ += 10;
  progress.update(2500, 10000, "loss 4.31");
  const std::string text = out_.str();
  const std::string line = text.substr(text.rfind('\r'));
  EXPECT_THAT(line, HasSubstr("transformer"));
  EXPECT_THAT(line, HasSubstr("#####..............."));
  EXPECT_THAT(line, HasSubstr("25 %  250/s  30 s left  loss 4.31"));
  EXPECT_EQ(lines(), 0u);
}

TEST_F(ProgressTest, ATerminalIsDrawnTenTimesASecondAtMost) {
  TerminalProgress progress = make(kTerminal);
  progress.phase("phase");
  for (int i = 0; i < 1000; ++i) {
    now_ += 0.001;
    progress.update(i, 1000);
  }
  const std::string text = out_.str();
  EXPECT_LE(std::count(text.begin(), text.end(), '\r'), 11);
}

TEST_F(ProgressTest, ALiveLineIsNeverWiderThanTheTerminal) {
  for (const std::size_t width : {20u, 40u, 60u, 80u, 200u}) {
    out_.str("");
    TerminalProgress progress = make({.live = true, .colour = false, .unicode = true, .width = width});
    progress.phase("a phase of a rather long name");
    now_ += 10;
    progress.update(2500, 10000, "a note that goes on and on, longer than any terminal is ever going to be");
    const std::string text = out_.str();
    std::string line = text.substr(text.rfind('\r') + 1);
    line = line.substr(0, line.find('\x1b'));
    EXPECT_LT(display_width(line), width) << line;
  }
}

TEST_F(ProgressTest, FinishedPhasesStayWithTheirSeconds) {
  TerminalProgress progress = make(kTerminal);
  progress.phase("text");
  now_ += 3.25;
  progress.update(10, 10, "10 items");
  progress.phase("vectors");
  EXPECT_THAT(out_.str(), HasSubstr("  + text                          3.25 s  10 items\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("+ vectors")));
}

TEST_F(ProgressTest, AMessageTakesALineOfItsOwnAboveTheLiveLine) {
  TerminalProgress progress = make(kTerminal);
  progress.phase("text");
  progress.message("3 lines were skipped");
  EXPECT_THAT(out_.str(), HasSubstr("\r\x1b[K3 lines were skipped\n\r"));
}

TEST_F(ProgressTest, ColoursAreThereOnlyWhenAskedFor) {
  TerminalStyle style = kTerminal;
  const auto coloured = [&] {
    out_.str("");
    TerminalProgress progress = make(style);
    progress.phase("text");
    progress.finish();
    return out_.str().find("\x1b[32m") != std::string::npos;
  };
  EXPECT_FALSE(coloured());
  style.colour = true;
  EXPECT_TRUE(coloured());
}

TEST_F(ProgressTest, APhaseThatAnExceptionEndsIsNotShownAsDone) {
  try {
    TerminalProgress progress = make(kPipe);
    progress.phase("transformer");
    now_ += 30;
    throw std::runtime_error("disk full");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(out_.str(), "transformer: broken off after 30.0 s\n");
}

TEST_F(ProgressTest, CheckThrowsOnceTheUserHasAskedToStop) {
  TerminalProgress progress = make(kPipe);
  EXPECT_NO_THROW(progress.check());
  stopped_ = true;
  try {
    progress.check();
    FAIL() << "check() went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_status(), 130);
  }
}

TEST_F(ProgressTest, AnUnknownTotalShowsNeitherPercentNorTimeLeft) {
  TerminalProgress progress = make(kPipe);
  progress.phase("events");
  now_ += 61;
  progress.update(6100, 0);
  EXPECT_EQ(out_.str(), "events: 100/s\n");
}

}  // namespace
}  // namespace segue::integration
