#include "index/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "kernels/error.h"

namespace segue::index {
namespace {

class SafetensorsFile : public testing::Test {
 protected:
  SafetensorsFile() { std::filesystem::create_directories(folder_); }
  ~SafetensorsFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(std::string_view name = "model.safetensors") const { return folder_ / name; }
  std::string bytes(std::string_view name = "model.safetensors") const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(std::string_view content, std::string_view name = "model.safetensors") const {
    std::ofstream(path(name), std::ios::binary)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  /// A file of the given header and data.
  void put_parts(std::string_view header, std::string_view data) const {
    const std::uint64_t length = header.size();
    std::string content(sizeof length, '\0');
    std::memcpy(content.data(), &length, sizeof length);
    put(content.append(header).append(data));
  }
  /// The message of the Error (kDamagedStore) that opening gives; empty when it opens.
  std::string refusal() const {
    try {
      Safetensors::open(path());
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      EXPECT_EQ(error.where(), path().string());
      return error.what();
    }
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("segue-safetensors-" + std::to_string(::getpid()));
};

SafetensorsWriter sample() {
  SafetensorsWriter writer;
  writer.add("weights", {2, 3}, std::vector<float>{1, 2, 3, -4, 5.5f, 0});
  writer.add("bytes", {3}, std::vector<std::uint8_t>{7, 8, 255});
  writer.add("ids", {2, 1}, std::vector<std::int64_t>{-1, 1ll << 40});
  writer.add("codes", {4}, std::vector<std::int32_t>{1, -2, 3, 4});
  writer.add("nothing", {0, 5}, std::vector<float>{});
  writer.add("scalar", {}, std::vector<float>{0.25f});
  writer.metadata("model", "transformer \"1\"");
  return writer;
}

TEST_F(SafetensorsFile, GivesBackWhatWasWritten) {
  sample().write(path());
  const auto file = Safetensors::open(path());
  EXPECT_EQ(file->names(),
            (std::vector<std::string>{"bytes", "codes", "ids", "nothing", "scalar", "weights"}));
  const kernels::ConstMatrix weights = file->matrix("weights", 3);
  ASSERT_EQ(weights.rows, 2u);
  EXPECT_EQ(weights(1, 1), 5.5f);
  EXPECT_EQ(file->u8("bytes")[2], 255);
  EXPECT_EQ(file->i64("ids")[1], 1ll << 40);
  EXPECT_EQ(file->i32("codes")[1], -2);
  EXPECT_EQ(file->shape("nothing"), (std::vector<std::size_t>{0, 5}));
  EXPECT_TRUE(file->matrix("nothing").rows == 0 && file->f32("nothing").empty());
  EXPECT_EQ(file->f32("scalar")[0], 0.25f);
  EXPECT_EQ(file->metadata("model"), "transformer \"1\"");
  EXPECT_EQ(file->metadata("absent"), "");
  EXPECT_FALSE(file->has("absent"));
}

TEST_F(SafetensorsFile, HasTheBytesThatTheFormatPrescribes) {
  SafetensorsWriter writer;
  writer.add("b", {1}, std::vector<std::uint8_t>{9});
  writer.add("a", {1}, std::vector<float>{1});
  writer.write(path());
  const std::string header =
      R"({"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]},"b":{"data_offsets":[4,5],"dtype":"U8","shape":[1]}})";
  std::string expected(8, '\0');
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  expected[0] = static_cast<char>(padded.size());
  expected += padded + std::string("\x00\x00\x80\x3f\x09", 5);
  EXPECT_EQ(bytes(), expected);
}

TEST_F(SafetensorsFile, HasBytesThatDependOnTheContentAlone) {
  sample().write(path("a"));
  SafetensorsWriter other;  // the same content in another order
  other.metadata("model", "to be replaced");
  other.metadata("model", "transformer \"1\"");
  other.add("scalar", {}, std::vector<float>{0.25f});
  other.add("nothing", {0, 5}, std::vector<float>{});
  other.add("codes", {4}, std::vector<std::int32_t>{1, -2, 3, 4});
  other.add("ids", {2, 1}, std::vector<std::int64_t>{-1, 1ll << 40});
  other.add("bytes", {3}, std::vector<std::uint8_t>{7, 8, 255});
  other.add("weights", {2, 3}, std::vector<float>{1, 2, 3, -4, 5.5f, 0});
  other.write(path("b"));
  EXPECT_EQ(bytes("a"), bytes("b"));
}

TEST_F(SafetensorsFile, ReadsUnalignedTensorsOfForeignWriters) {
  const float values[] = {3, 4};
  std::string data(1, '\x05');
  data.append(reinterpret_cast<const char*>(values), sizeof values);
  put_parts(
      R"({"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
      data);
  const auto file = Safetensors::open(path());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file->f32("f").data()) % alignof(float), 0u);
  EXPECT_EQ(file->vector("f", 2)[1], 4.0f);
  EXPECT_EQ(file->u8("u")[0], 5);
}

TEST_F(SafetensorsFile, ListsForeignTypesButDoesNotHandThemOut) {
  put_parts(R"({"h":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", "abcd");
  const auto file = Safetensors::open(path());
  EXPECT_EQ(file->shape("h"), std::vector<std::size_t>{2});
  EXPECT_THROW(file->f32("h"), Error);
}

TEST_F(SafetensorsFile, RefusesToHandOutWhatDoesNotFit) {
  SafetensorsWriter writer = sample();
  writer.add("bad", {2}, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()});
  writer.add("worse", {1, 1}, std::vector<float>{-std::numeric_limits<float>::infinity()});
  writer.write(path());
  const auto file = Safetensors::open(path());
  EXPECT_THROW(file->f32("absent"), Error);
  EXPECT_THROW(file->shape("absent"), Error);
  EXPECT_THROW(file->i32("ids"), Error);
  EXPECT_THROW(file->matrix("weights", 2), Error);
  EXPECT_THROW(file->matrix("scalar"), Error);
  EXPECT_THROW(file->vector("weights", 6), Error);
  EXPECT_THROW(file->vector("bad", 2), Error);
  EXPECT_THROW(file->matrix("worse"), Error);
  EXPECT_TRUE(std::isnan(file->f32("bad")[1]));
}

TEST_F(SafetensorsFile, RefusesHeadersThatContradictTheFile) {
  EXPECT_NE(refusal().find("missing"), std::string::npos);
  const auto refuses = [&](std::string_view header, std::string_view data, std::string_view why) {
    put_parts(header, data);
    EXPECT_NE(refusal().find(why), std::string::npos) << header << "\n" << refusal();
  };
  refuses("[]", "", "no JSON object");
  refuses(R"({"a":)", "", "no JSON object");
  refuses(R"({"a":{"dtype":"F32","shape":[1]}})", "abcd", "lacks");
  refuses(R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", "abcd", "unknown dtype");
  refuses(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "abcd", "malformed shape");
  refuses(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0.0,4]}})", "abcd", "malformed data_offsets");
  refuses(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "abcd", "outside");
  refuses(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "abcd", "outside");
  refuses(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd", "not as many bytes");
  refuses(R"({"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", "abcd",
          "not as many bytes");
  refuses(
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
      "abcd", "overlaps");
  refuses(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "abcd", "belong to no tensor");
  refuses(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "abcd", "belong to no tensor");
  refuses(R"({"__metadata__":{"a":1}})", "", "no string");
  put("short");
  EXPECT_NE(refusal().find("too short"), std::string::npos);
  put(std::string(64, '\xff'));
  EXPECT_NE(refusal().find("longer than the file"), std::string::npos);
}

// What follows a mutation is an Error that names the file, or values that were read in bounds (ASan sees the
// rest).
TEST_F(SafetensorsFile, SurvivesAnyMutation) {
  sample().write(path());
  const std::string good = bytes();
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, good.data(), sizeof header_length);
  const std::size_t header_end = sizeof header_length + header_length;
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bad = good;
    const int flips = 1 + static_cast<int>(random() % 3);
    for (int flip = 0; flip < flips; ++flip) bad[random() % header_end] = static_cast<char>(random());
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    if (random() % 8 == 0) bad.insert(random() % bad.size(), random() % 20, 'x');
    put(bad);
    try {
      const auto file = Safetensors::open(path());
      int positive = 0;
      for (const std::string& name : file->names()) {
        try {
          for (const float value : file->f32(name)) positive += value > 0;
        } catch (const Error& error) {
          ASSERT_EQ(error.kind(), ErrorKind::kDamagedStore);
        }
      }
      ASSERT_LE(positive, 16);  // every byte was read
    } catch (const Error& error) {
      ++refused;
      ASSERT_EQ(error.kind(), ErrorKind::kDamagedStore);
      ASSERT_EQ(error.where(), path().string());
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(SafetensorsWriter, RefusesTensorsThatContradictThemselves) {
  SafetensorsWriter writer;
  writer.add("a", {1}, std::vector<float>{1});
  EXPECT_THROW(writer.add("a", {1}, std::vector<float>{1}), std::invalid_argument);
  EXPECT_THROW(writer.add("b", {2}, std::vector<float>{1}), std::invalid_argument);
  EXPECT_THROW(writer.add("__metadata__", {1}, std::vector<float>{1}), std::invalid_argument);
  EXPECT_THROW(writer.add("\xff", {1}, std::vector<float>{1}), std::invalid_argument);
  EXPECT_THROW(writer.metadata("a", "\xff"), std::invalid_argument);
}

TEST(SafetensorsWriter, NamesAFileThatCannotBeWritten) {
  try {
    sample().write("/proc/absent/model.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_EQ(error.where(), "/proc/absent/model.safetensors");
  }
}

}  // namespace
}  // namespace segue::index
