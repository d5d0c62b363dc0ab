#include "io/resident.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace slipway::io {

namespace {

int release(dl_phdr_info* library, std::size_t, void*) {
  if (std::strncmp(library->dlpi_name, "linux-", 6) == 0) return 0;  // the vDSO, not backed by a file
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const auto& part = library->dlpi_phdr[i];
    const bool is_code = part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 && (part.p_flags & PF_W) == 0;
    if (!is_code) continue;  // discarding writable pages would lose data
    const std::uintptr_t begin = (library->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = library->dlpi_addr + part.p_vaddr + part.p_memsz;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void return_large_blocks() noexcept {
  constexpr int large = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, large);
  ::mallopt(M_TRIM_THRESHOLD, large);
}

void release_code() noexcept { ::dl_iterate_phdr(release, nullptr); }

}  // namespace slipway::io
