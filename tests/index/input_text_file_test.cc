#include "index/input/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "kernels/error.h"

namespace segue::index {
namespace {

class TextFile : public testing::Test {
 protected:
  TextFile() : folder_(std::filesystem::path(testing::TempDir()) / "segue_text_file") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~TextFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path put(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::vector<std::string> lines(const std::filesystem::path& file) {
    LineReader reader(file);
    std::vector<std::string> out;
    std::string_view line;
    while (reader.next(line)) out.emplace_back(line);
    return out;
  }
  static std::string error(const std::filesystem::path& file) {
    try {
      lines(file);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
      return e.what();
    }
    return "no error";
  }

  std::filesystem::path folder_;
};

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(TextFile, GivesLinesWithOrWithoutALastLineFeed) {
  EXPECT_THAT(lines(put("a", "x\ny\n")), ElementsAre("x", "y"));
  EXPECT_THAT(lines(put("b", "x\n\ny")), ElementsAre("x", "", "y"));
  EXPECT_THAT(lines(put("c", "")), IsEmpty());
  EXPECT_THAT(lines(put("d", "\n")), ElementsAre(""));
}

TEST_F(TextFile, SkipsAByteOrderMark) {
  EXPECT_THAT(lines(put("a", "\xef\xbb\xbfx\n")), ElementsAre("x"));
}

TEST_F(TextFile, GivesLinesOfAnyLengthAcrossItsBuffers) {
  std::vector<std::string> expected;
  std::string all;
  for (const std::size_t length : {1048574u, 0u, 1048576u, 3000000u, 1u, 1048577u}) {
    expected.emplace_back(length, static_cast<char>('a' + expected.size()));
    all += expected.back() + "\n";
  }
  EXPECT_EQ(lines(put("a", all)), expected);
}

TEST_F(TextFile, CountsLinesFromOne) {
  LineReader reader(put("a", "x\ny"));
  std::string_view line;
  reader.next(line);
  EXPECT_EQ(reader.line_number(), 1u);
  reader.next(line);
  EXPECT_EQ(reader.where(), (folder_ / "a").string() + ":2");
  EXPECT_EQ(reader.size(), 3u);
}

TEST_F(TextFile, WritesAndReadsGzipByTheEndingOfTheName) {
  std::vector<std::string> expected;
  TextWriter writer(folder_ / "a.gz");
  for (int i = 0; i < 200000; ++i) {
    expected.push_back("line " + std::to_string(i));
    writer.write(expected.back());
    writer.write("\n");
  }
  writer.finish();
  EXPECT_EQ(bytes(folder_ / "a.gz").substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(lines(folder_ / "a.gz"), expected);
}

TEST_F(TextFile, WritesTheSameGzipBytesForTheSameText) {
  for (const char* name : {"a.gz", "b.gz"}) {
    TextWriter writer(folder_ / name);
    writer.write("the same");
    writer.finish();
  }
  EXPECT_EQ(bytes(folder_ / "a.gz"), bytes(folder_ / "b.gz"));
}

TEST_F(TextFile, ReadsSeveralGzipMembersAsOneFile) {
  for (const char* name : {"a.gz", "b.gz"}) {
    TextWriter writer(folder_ / name);
    writer.write(std::string(name) + "\n");
    writer.finish();
  }
  EXPECT_THAT(lines(put("ab.gz", bytes(folder_ / "a.gz") + bytes(folder_ / "b.gz"))),
              ElementsAre("a.gz", "b.gz"));
}

TEST_F(TextFile, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(error(folder_ / "none"), HasSubstr("none: cannot be opened: No such file"));
  EXPECT_THAT(error(folder_), HasSubstr("this is a folder"));
}

TEST_F(TextFile, RefusesGzipThatIsCutOffOrDamaged) {
  TextWriter writer(folder_ / "a.gz");
  for (int i = 0; i < 100000; ++i) writer.write(std::to_string(i * 7919 % 100003) + "\n");
  writer.finish();
  const std::string whole = bytes(folder_ / "a.gz");
  for (const std::size_t length : {whole.size() - 1, whole.size() - 8, whole.size() / 2, std::size_t{20}}) {
    EXPECT_THAT(error(put("cut.gz", whole.substr(0, length))), HasSubstr("cannot be read")) << length;
  }
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
  EXPECT_THAT(error(put("flipped.gz", flipped)), HasSubstr("cannot be read"));
}

TEST_F(TextFile, LeavesNothingWithoutFinish) {
  {
    TextWriter writer(folder_ / "a");
    writer.write("x");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  put("kept", "old");
  {
    TextWriter writer(folder_ / "kept");
    writer.write("new");
  }
  EXPECT_EQ(bytes(folder_ / "kept"), "old");
}

TEST_F(TextFile, ReportsAFolderThatIsNotThereAndAFullDisk) {
  EXPECT_THROW(TextWriter(folder_ / "none" / "a"), Error);
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  TextWriter writer("/dev/full");
  writer.write("x");
  try {
    writer.finish();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kResource);
    EXPECT_THAT(e.what(), HasSubstr("No space left"));
  }
}

}  // namespace
}  // namespace segue::index
