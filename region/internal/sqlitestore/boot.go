package sqlitestore

import (
	"os"
	"strings"
	"sync"
)

// thisBoot names the time since the machine was started, or is empty if it cannot
// tell. Linux has a random number for it, which containers share.
var thisBoot = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})
