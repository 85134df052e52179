// Event indexes as a measure of time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quorate {

// Calls and returns as numbers from 0 to end - 1, so that "in the order of time" is a table with a place for each.
// Event indexes are used as they are; where they are sparse, their ranks stand for them.
class Instants {
  public:
    // Throws std::invalid_argument unless calls ascend and every index is from 0 to NEVER.
    Instants(std::span<const std::int32_t> calls, std::span<const std::int32_t> returns);

    // The spans may be of this object, which therefore stays where it is.
    Instants(const Instants&) = delete;
    Instants& operator=(const Instants&) = delete;

    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::size_t end = 0;

  private:
    void rank();

    std::vector<std::int32_t> call_rank;
    std::vector<std::int32_t> ret_rank;
};

}  // namespace quorate
