package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// object is `restapi_object`.
type object struct{ client *client }

type model struct {
	ID              types.String `tfsdk:"id"`
	Path            types.String `tfsdk:"path"`
	CreatePath      types.String `tfsdk:"create_path"`
	UpdatePath      types.String `tfsdk:"update_path"`
	DestroyPath     types.String `tfsdk:"destroy_path"`
	Data            types.String `tfsdk:"data"`
	BodyIDAttribute types.String `tfsdk:"body_id_attribute"`
	ReadSearch      *search      `tfsdk:"read_search"`
	IgnoreChangesTo types.List   `tfsdk:"ignore_changes_to"`
	APIData         types.Map    `tfsdk:"api_data"`
	APIResponse     types.String `tfsdk:"api_response"`
	CreateResponse  types.String `tfsdk:"create_response"`
}

type search struct {
	SearchKey   types.String `tfsdk:"search_key"`
	SearchValue types.String `tfsdk:"search_value"`
	ResultsKey  types.String `tfsdk:"results_key"`
}

func (*object) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_object"
}

func (*object) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	required, optional := schema.StringAttribute{Required: true}, schema.StringAttribute{Optional: true}
	computed := schema.StringAttribute{Computed: true}
	kept := schema.StringAttribute{
		Computed:      true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                kept,
		"path":              required,
		"create_path":       optional,
		"update_path":       optional,
		"destroy_path":      optional,
		"data":              required,
		"body_id_attribute": optional,
		"ignore_changes_to": schema.ListAttribute{Optional: true, ElementType: types.StringType},
		"read_search": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
			"search_key":   required,
			"search_value": required,
			"results_key":  optional,
		}},
		"api_data":        schema.MapAttribute{Computed: true, ElementType: types.StringType},
		"api_response":    computed,
		"create_response": kept,
	}}
}

func (o *object) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.client, _ = request.ProviderData.(*client)
}

func (o *object) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan model
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	body := parse(plan.Data, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	answer, err := o.client.call(ctx, o.client.given.CreateMethod, http.MethodPost, or(plan.CreatePath, plan.Path.ValueString()), body)
	if err != nil {
		response.Diagnostics.AddError("Could not create API object", err.Error())
		return
	}
	plan.ID = types.StringValue(fmt.Sprint(answer[or(o.client.given.IDAttribute, "id")]))
	plan.show(ctx, answer, &response.Diagnostics)
	plan.CreateResponse = plan.APIResponse
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (o *object) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state model
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	found, err := o.find(ctx, &state)
	if err != nil {
		response.Diagnostics.AddError("Could not read API object", err.Error())
		return
	}
	if found == nil {
		response.State.RemoveResource(ctx)
		return
	}
	state.show(ctx, found, &response.Diagnostics)
	var ignored []string
	response.Diagnostics.Append(state.IgnoreChangesTo.ElementsAs(ctx, &ignored, false)...)
	seen := maps.Clone(found)
	for _, name := range ignored {
		delete(seen, name)
	}
	// The same data stays as it is spelled.
	if !reflect.DeepEqual(seen, parse(state.Data, &response.Diagnostics)) {
		state.Data = types.StringValue(text(seen))
	}
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}

func (o *object) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var state, plan model
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	body := parse(plan.Data, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	plan.ID, plan.CreateResponse = state.ID, state.CreateResponse
	answer, err := o.client.call(ctx, o.client.given.UpdateMethod, http.MethodPut, at(plan.UpdatePath, plan), plan.withID(body))
	if err != nil {
		response.Diagnostics.AddError("Could not update API object", err.Error())
		return
	}
	plan.show(ctx, answer, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (o *object) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state model
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	_, err := o.client.call(ctx, o.client.given.DestroyMethod, http.MethodDelete, at(state.DestroyPath, state), state.withID(nil))
	var status statusError
	if errors.As(err, &status) && (status.status == http.StatusNotFound || status.status == http.StatusGone) {
		return // It counts as deleted already.
	}
	if err != nil {
		response.Diagnostics.AddError("Could not delete API object", err.Error())
	}
}

// find searches the list of all objects; nil where the object is not in it.
func (o *object) find(ctx context.Context, state *model) (map[string]any, error) {
	if state.ReadSearch == nil {
		return nil, errors.New("this stand-in reads only by read_search")
	}
	all, err := o.client.call(ctx, o.client.given.ReadMethod, http.MethodGet, state.Path.ValueString(), nil)
	if err != nil {
		return nil, err
	}
	wanted := strings.ReplaceAll(state.ReadSearch.SearchValue.ValueString(), "{id}", state.ID.ValueString())
	results, _ := all[state.ReadSearch.ResultsKey.ValueString()].([]any)
	for _, each := range results {
		entry, _ := each.(map[string]any)
		if fmt.Sprint(entry[state.ReadSearch.SearchKey.ValueString()]) == wanted {
			return entry, nil
		}
	}
	return nil, nil
}

// show saves what the API has answered, with the secret in clear, as the provider does.
func (m *model) show(ctx context.Context, answer map[string]any, diagnostics *diag.Diagnostics) {
	values := map[string]string{}
	for name, value := range answer {
		values[name] = fmt.Sprint(value)
	}
	m.APIResponse = types.StringValue(text(answer))
	data, found := types.MapValueFrom(ctx, types.StringType, values)
	diagnostics.Append(found...)
	m.APIData = data
}

func (m *model) withID(body map[string]any) map[string]any {
	if m.BodyIDAttribute.IsNull() {
		return body
	}
	if body == nil {
		body = map[string]any{}
	}
	body[m.BodyIDAttribute.ValueString()] = m.ID.ValueString()
	return body
}

func at(path types.String, m model) string {
	return strings.ReplaceAll(or(path, m.Path.ValueString()+"/{id}"), "{id}", m.ID.ValueString())
}

func parse(value types.String, diagnostics *diag.Diagnostics) map[string]any {
	parsed := map[string]any{}
	if err := json.Unmarshal([]byte(value.ValueString()), &parsed); err != nil {
		diagnostics.AddError("No JSON object", err.Error())
		return nil
	}
	return parsed
}

func text(value map[string]any) string {
	written, _ := json.Marshal(value)
	return string(written)
}
