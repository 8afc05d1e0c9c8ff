// A schema registry in memory that others wrote, for the tests: prints its address, ends with its standard input.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

func main() {
	auth := flag.String("auth", "", "the Authorization header that is asked for")
	against := flag.String("against", "", "the subject that no schema is compatible with")
	flag.Parse()
	options := []srfake.Option{}
	if *auth != "" {
		options = append(options, srfake.WithAuth(*auth))
	}
	registry := srfake.New(options...)
	registry.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if *against == "" || !strings.HasPrefix(r.URL.Path, "/compatibility/subjects/"+*against+"/") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		fmt.Fprint(w, `{"is_compatible":false,"messages":["READER_FIELD_MISSING_DEFAULT_VALUE"]}`)
		return true
	})
	fmt.Println(registry.URL())
	io.Copy(io.Discard, os.Stdin)
	registry.Close()
}
