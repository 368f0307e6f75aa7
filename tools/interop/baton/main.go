// Command baton expands syncs with Baton's own expander.
//
// It reads a sync from each line of standard input,
//
//	{"entitlements": [id…], "grants": [{"id", "entitlement", "type", "principal", "from", "shallow", "types", "sources"}…]}
//
// and prints a line for each: [legacy, topological], the grants after the expansion by each evaluator, keyed by id.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	reader_v2 "github.com/conductorone/baton-sdk/pb/c1/reader/v2"
	"github.com/conductorone/baton-sdk/pkg/sync/expand"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

type jsonGrant struct {
	ID          string          `json:"id"`
	Entitlement string          `json:"entitlement"`
	Type        string          `json:"type"`
	Principal   string          `json:"principal"`
	From        []string        `json:"from"`
	Shallow     bool            `json:"shallow"`
	Types       []string        `json:"types"`
	Sources     map[string]bool `json:"sources"`
}
type jsonSync struct {
	Entitlements []string    `json:"entitlements"`
	Grants       []jsonGrant `json:"grants"`
}

// store keeps a sync in memory. If sorted, grants are listed by principal, and the expander evaluates
// entitlements in topological order; otherwise it evaluates edge by edge.
type store struct {
	ents   map[string]*v2.Entitlement
	grants map[string]*v2.Grant
	sorted bool
}

func (s *store) GetEntitlement(_ context.Context, req *reader_v2.EntitlementsReaderServiceGetEntitlementRequest) (*reader_v2.EntitlementsReaderServiceGetEntitlementResponse, error) {
	e, ok := s.ents[req.GetEntitlementId()]
	if !ok {
		return nil, status.Error(codes.NotFound, "not found")
	}
	return reader_v2.EntitlementsReaderServiceGetEntitlementResponse_builder{Entitlement: e}.Build(), nil
}

func (s *store) ListGrantsForEntitlement(_ context.Context, req *reader_v2.GrantsReaderServiceListGrantsForEntitlementRequest) (*reader_v2.GrantsReaderServiceListGrantsForEntitlementResponse, error) {
	var list []*v2.Grant
	for _, g := range s.grants {
		if g.GetEntitlement().GetId() != req.GetEntitlement().GetId() {
			continue
		}
		if p := req.GetPrincipalId(); p != nil && (p.GetResource() != g.GetPrincipal().GetId().GetResource() || p.GetResourceType() != g.GetPrincipal().GetId().GetResourceType()) {
			continue
		}
		if ids := req.GetPrincipalResourceTypeIds(); len(ids) > 0 {
			found := false
			for _, id := range ids {
				found = found || id == g.GetPrincipal().GetId().GetResourceType()
			}
			if !found {
				continue
			}
		}
		list = append(list, proto.Clone(g).(*v2.Grant))
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i].GetPrincipal().GetId(), list[j].GetPrincipal().GetId()
		if a.GetResourceType() != b.GetResourceType() {
			return a.GetResourceType() < b.GetResourceType()
		}
		if a.GetResource() != b.GetResource() {
			return a.GetResource() < b.GetResource()
		}
		return list[i].GetId() < list[j].GetId()
	})
	// Pages have two items: results must not depend on the page size.
	offset, _ := strconv.Atoi(req.GetPageToken())
	next := ""
	if offset+2 < len(list) {
		next = strconv.Itoa(offset + 2)
		list = list[offset : offset+2]
	} else {
		list = list[offset:]
	}
	return reader_v2.GrantsReaderServiceListGrantsForEntitlementResponse_builder{List: list, NextPageToken: next}.Build(), nil
}

func (s *store) StoreExpandedGrants(_ context.Context, grants ...*v2.Grant) error {
	for _, g := range grants {
		s.grants[g.GetId()] = proto.Clone(g).(*v2.Grant)
	}
	return nil
}
func (s *store) GrantsForEntitlementPrincipalSorted() bool { return s.sorted }

func run(in jsonSync, sorted bool) map[string]any {
	ctx := context.Background()
	s := &store{ents: map[string]*v2.Entitlement{}, grants: map[string]*v2.Grant{}, sorted: sorted}
	for _, id := range in.Entitlements {
		s.ents[id] = v2.Entitlement_builder{Id: id, Resource: v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: "group", Resource: id}.Build()}.Build()}.Build()
	}
	graph := expand.NewEntitlementGraph(ctx)
	for _, g := range in.Grants {
		ent := s.ents[g.Entitlement]
		grant := v2.Grant_builder{Id: g.ID, Entitlement: ent, Principal: v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: g.Type, Resource: g.Principal}.Build()}.Build()}.Build()
		if len(g.Sources) > 0 {
			m := map[string]*v2.GrantSources_GrantSource{}
			for k, d := range g.Sources {
				m[k] = &v2.GrantSources_GrantSource{IsDirect: d}
			}
			grant.SetSources(v2.GrantSources_builder{Sources: m}.Build())
		}
		s.grants[g.ID] = grant
		for _, from := range g.From {
			if s.ents[from] == nil {
				continue
			}
			graph.AddEntitlementID(g.Entitlement)
			graph.AddEntitlementID(from)
			if err := graph.AddEdge(ctx, from, g.Entitlement, g.Shallow, g.Types); err != nil {
				panic(err)
			}
		}
	}
	graph.Loaded = true
	comps, _ := graph.ComputeCyclicComponents(ctx)
	if err := graph.FixCyclesFromComponents(ctx, comps); err != nil {
		panic(err)
	}
	if err := expand.NewExpander(s, graph).Run(ctx); err != nil {
		panic(err)
	}
	out := map[string]any{}
	for id, g := range s.grants {
		src := map[string]bool{}
		for k, v := range g.GetSources().GetSources() {
			src[k] = v.GetIsDirect()
		}
		annos := []string{}
		for _, a := range g.GetAnnotations() {
			annos = append(annos, a.GetTypeUrl())
		}
		out[id] = map[string]any{"entitlement": g.GetEntitlement().GetId(), "type": g.GetPrincipal().GetId().GetResourceType(), "principal": g.GetPrincipal().GetId().GetResource(), "sources": src, "annotations": annos}
	}
	return out
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(nil, 1<<28)
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for sc.Scan() {
		var in jsonSync
		if err := json.Unmarshal(sc.Bytes(), &in); err != nil {
			panic(err)
		}
		b, _ := json.Marshal([]any{run(in, false), run(in, true)})
		fmt.Fprintln(w, string(b))
	}
}
