#include "index/input/time.h"

#include <gtest/gtest.h>

#include "kernels/error.h"

namespace segue::index {
namespace {

TEST(Time, ReadsIso8601) {
  EXPECT_EQ(parse_time("1970-01-01"), 0);
  EXPECT_EQ(parse_time("2010-12-01T08:26:00Z"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01 08:26:00"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01T08:26"), 1291191960);
  EXPECT_EQ(parse_time("20101201T082600Z"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01T09:26:00+01:00"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01T02:56:00-0530"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01T10:26+02"), 1291191960);
  EXPECT_EQ(parse_time("2010-12-01T08:26:00.25Z"), 1291191960.25);
  EXPECT_EQ(parse_time("2010-12-01T08:26:00,5"), 1291191960.5);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59Z"), -1);
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01"));
  EXPECT_EQ(parse_time("2016-12-31T24:00:00Z"), parse_time("2017-01-01"));
  EXPECT_EQ(parse_time("2012-02-29"), 1330473600);
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2010",
                           "2010-12",
                           "20101201",
                           "1291191960",
                           "2010-13-01",
                           "2010-02-30",
                           "2011-02-29",
                           "2010-12-01T",
                           "2010-12-01T25:00",
                           "2010-12-01T08:60",
                           "2010-12-01T08:26:61",
                           "2010-12-01T24:00:01",
                           "2010-12-01T08:26:00.",
                           "2010-12-01T08:26:00+24:00",
                           "2010-12-01T08:26:00+1",
                           "2010-12-01T08:26:00 Z",
                           "2010-12-01x",
                           "10-12-01",
                           "2010/12/01",
                           " 2010-12-01",
                           "2010-12-01 ",
                           "20101201 082600"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Time, ReadsByPattern) {
  EXPECT_EQ(parse_time("01/12/2010 08:26", "%d/%m/%Y %H:%M"), 1291191960);
  EXPECT_EQ(parse_time("1/12/2010  8:26", "%d/%m/%Y %H:%M"), 1291191960);
  EXPECT_EQ(parse_time("12/1/10 8:26 AM", "%m/%d/%y %I:%M %p"), 1291191960);
  EXPECT_EQ(parse_time("12/1/10 12:00 am", "%m/%d/%y %I:%M %p"), parse_time("2010-12-01"));
  EXPECT_EQ(parse_time("12/1/10 12:00 pm", "%m/%d/%y %I:%M %p"), parse_time("2010-12-01T12:00"));
  EXPECT_EQ(parse_time("1 Dec 2010", "%d %b %Y"), parse_time("2010-12-01"));
  EXPECT_EQ(parse_time("1 DECEMBER 2010", "%d %b %Y"), parse_time("2010-12-01"));
  EXPECT_EQ(parse_time("10/Oct/2000:13:55:36 -0700", "%d/%b/%Y:%H:%M:%S %z"),
            parse_time("2000-10-10T20:55:36Z"));
  EXPECT_EQ(parse_time("08:26:00.5 2010-12-01", "%H:%M:%S %Y-%m-%d"), 1291191960.5);
  EXPECT_EQ(parse_time("1291191960.5", "%s"), 1291191960.5);
  EXPECT_EQ(parse_time("1/1/68", "%d/%m/%y"), parse_time("2068-01-01"));
  EXPECT_EQ(parse_time("1/1/69", "%d/%m/%y"), parse_time("1969-01-01"));
  EXPECT_EQ(parse_time("100%", "%s%%"), 100);
}

TEST(Time, RefusesWhatDoesNotFitThePattern) {
  EXPECT_FALSE(parse_time("31/02/2010", "%d/%m/%Y"));
  EXPECT_FALSE(parse_time("1/2/2010 x", "%d/%m/%Y"));
  EXPECT_FALSE(parse_time("1/2", "%d/%m/%Y"));
  EXPECT_FALSE(parse_time("13:00 pm", "%I:%M %p"));
  EXPECT_FALSE(parse_time("1 Dez 2010", "%d %b %Y"));
  EXPECT_FALSE(parse_time("1e300", "%s"));
}

TEST(Time, ChecksPatterns) {
  EXPECT_NO_THROW(check_time_pattern("%d/%m/%Y %H:%M:%S %z %%", "x"));
  EXPECT_THROW(check_time_pattern("%d/%Q", "x"), Error);
  EXPECT_THROW(check_time_pattern("%d/%", "x"), Error);
}

TEST(Time, FormatsWhatItReads) {
  for (const char* text : {"2010-12-01T08:26:00Z", "1969-12-31T23:59:59.5Z", "0000-03-01T00:00:00Z",
                           "9999-12-31T23:59:59Z", "2010-12-01T08:26:00.000001Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), text);
  }
  EXPECT_EQ(parse_time("0000-01-01"), kEarliestTime);
  EXPECT_EQ(*parse_time("9999-12-31") + 86400, kLatestTime);
}

TEST(Duration, ReadsUnitsAndTheirSums) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("30m"), 1800);
  EXPECT_EQ(parse_duration("1h30m"), 5400);
  EXPECT_EQ(parse_duration("7d"), 604800);
  for (const char* text : {"", "m", "30x", "1h30", "1m1h", "-1s", "1.5h", "30 m"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, FormatsInTheLargestUnitThatDividesIt) {
  EXPECT_EQ(format_duration(1800), "30m");
  EXPECT_EQ(format_duration(86400), "1d");
  EXPECT_EQ(format_duration(90), "90s");
  EXPECT_EQ(format_duration(0), "0s");
}

}  // namespace
}  // namespace segue::index
