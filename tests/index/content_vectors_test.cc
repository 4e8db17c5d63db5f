#include "index/model/content_vectors.h"

#include <gtest/gtest.h>

#include <limits>

#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

Catalogue with_vectors(std::vector<std::vector<float>> vectors) {
  std::vector<Item> items(vectors.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].id = std::string(1, static_cast<char>('a' + i));
    items[i].vector = std::move(vectors[i]);
  }
  return Catalogue(std::move(items));
}

TEST(ContentVectors, HoldTheVectorsOfTheItemsThatHaveOne) {
  const auto content = ContentVectors::of(with_vectors({{1, 2}, {}, {3, 4}}));
  ASSERT_EQ(content.vocabulary().size(), 2u);
  EXPECT_EQ(content.vocabulary()[1], 2);
  EXPECT_EQ(content.vectors().cols, 2u);
  EXPECT_EQ(content.vectors()(1, 0), 3);
  EXPECT_TRUE(ContentVectors::of(with_vectors({{}, {}})).empty());
}

TEST(ContentVectors, NameTheItemWhoseVectorDiffers) {
  try {
    ContentVectors::of(with_vectors({{1, 2}, {1, 2, 3}}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_EQ(error.where(), "item b");
  }
  EXPECT_THROW(ContentVectors::of(with_vectors({{std::numeric_limits<float>::infinity()}})), Error);
}

TEST(ContentVectors, ComeBackFromTheirFile) {
  const testing::TemporaryFolder folder;
  ContentVectors::of(with_vectors({{1, 2}, {}, {3, 4}})).save(folder / "c.safetensors");
  const auto again = ContentVectors::open(folder / "c.safetensors", 3);
  EXPECT_EQ(again.vocabulary()[1], 2);
  EXPECT_EQ(again.vectors()(1, 1), 4);
  EXPECT_THROW(ContentVectors::open(folder / "c.safetensors", 2), Error);
  ContentVectors::of(with_vectors({{}})).save(folder / "empty.safetensors");
  EXPECT_TRUE(ContentVectors::open(folder / "empty.safetensors", 1).empty());
}

}  // namespace
}  // namespace segue::index
