package portal

import (
	"fmt"
	"html/template"
	"slices"
	"text/template/parse"
)

// appendKeys adds the keys of the sentences that a page's templates show. It fails where
// one is put together only when the page is rendered: then nobody could say beforehand
// whether the catalogue has it.
func appendKeys(keys []string, page *template.Template) (_ []string, err error) {
	for _, t := range page.Templates() {
		walk(t, func(n parse.Node) {
			c, ok := n.(*parse.CommandNode)
			if !ok || !calls(c, "t") && !calls(c, "rich") {
				return
			}
			key, ok := c.Args[min(1, len(c.Args)-1)].(*parse.StringNode)
			if !ok {
				err = fmt.Errorf("%s: the key of a sentence is not constant in %s", t.Name(), c)
				return
			}
			if !slices.Contains(keys, key.Text) {
				keys = append(keys, key.Text)
			}
		})
	}
	return keys, err
}

func calls(c *parse.CommandNode, name string) bool {
	f, ok := c.Args[0].(*parse.IdentifierNode)
	return ok && f.Ident == name
}

// settle puts the sentences without values into a page's templates, as if the templates had
// been written in that language: most sentences are of this kind, and they then cost
// nothing when the page is rendered. They stand in text and in quoted attributes, for both
// of which they are escaped.
func (w *words) settle(page *template.Template) {
	for _, t := range page.Templates() {
		walk(t, func(n parse.Node) {
			list, ok := n.(*parse.ListNode)
			if !ok {
				return
			}
			for i, n := range list.Nodes {
				if s, ok := w.settled(n); ok {
					list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Position(), Text: []byte(s)}
				}
			}
		})
	}
}

// settled returns what an action shows in every page of the language.
func (w *words) settled(n parse.Node) (string, bool) {
	a, ok := n.(*parse.ActionNode)
	if !ok || len(a.Pipe.Cmds) != 1 || len(a.Pipe.Decl) > 0 {
		return "", false
	}
	switch c := a.Pipe.Cmds[0]; {
	case len(c.Args) == 2 && calls(c, "t"):
		return template.HTMLEscapeString(w.say(c.Args[1].(*parse.StringNode).Text)), true
	case len(c.Args) == 1 && calls(c, "languages"):
		return string(w.options()), true
	}
	return "", false
}

// walk visits every node of a template.
func walk(t *template.Template, visit func(parse.Node)) {
	if t.Tree != nil {
		walkNode(t.Tree.Root, visit)
	}
}

func walkNode(n parse.Node, visit func(parse.Node)) {
	visit(n)
	branch := func(b parse.BranchNode) {
		walkNode(b.Pipe, visit)
		walkNode(b.List, visit)
		if b.ElseList != nil {
			walkNode(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, in := range n.Nodes {
			walkNode(in, visit)
		}
	case *parse.ActionNode:
		walkNode(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walkNode(n.Pipe, visit)
		}
	case *parse.IfNode:
		branch(n.BranchNode)
	case *parse.RangeNode:
		branch(n.BranchNode)
	case *parse.WithNode:
		branch(n.BranchNode)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			walkNode(c, visit)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			walkNode(arg, visit)
		}
	}
}
