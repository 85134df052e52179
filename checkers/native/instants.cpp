#include "instants.hpp"

#include <algorithm>
#include <stdexcept>

#include "findings.hpp"

namespace quorate {

Instants::Instants(std::span<const std::int32_t> calls, std::span<const std::int32_t> returns)
    : call(calls), ret(returns) {
    std::int32_t latest = -1;
    bool ascending = true, sound = true;
    for (const std::int32_t at : call) {
        ascending &= at > latest;
        latest = at;
    }
    if (!ascending || latest == NEVER) throw std::invalid_argument("calls must ascend, from 0 on");
    for (const std::int32_t at : ret) {
        sound &= at >= 0;
        latest = std::max(latest, at == NEVER ? -1 : at);
    }
    if (!sound) throw std::invalid_argument("a return has a negative event index");
    end = static_cast<std::size_t>(latest) + 1;
    // A history has two events for each operation; failures and faults, which are left out, may double that.
    if (end > 8 * call.size() + 4096) rank();
}

void Instants::rank() {
    std::vector<std::int32_t> events(call.begin(), call.end());
    std::copy_if(ret.begin(), ret.end(), std::back_inserter(events), [](std::int32_t at) { return at != NEVER; });
    std::sort(events.begin(), events.end());
    events.erase(std::unique(events.begin(), events.end()), events.end());
    const auto place = [&](std::int32_t at) {
        if (at == NEVER) return NEVER;
        return static_cast<std::int32_t>(std::lower_bound(events.begin(), events.end(), at) - events.begin());
    };
    call_rank.resize(call.size());
    ret_rank.resize(ret.size());
    std::transform(call.begin(), call.end(), call_rank.begin(), place);
    std::transform(ret.begin(), ret.end(), ret_rank.begin(), place);
    call = call_rank;
    ret = ret_rank;
    end = events.size();
}

}  // namespace quorate
